//! The run as a web page: one self-contained file, without a server, a build step or the network.
//!
//! The page holds the log in a compact form ([`encode`]), the sources, and plain ES modules that fold the log anew: stepping forwards and
//! back, a timeline with lanes, source, stack, queues and causes at the cursor. The modules lie in `page/` as they are; an import
//! map with `data:` addresses puts them into the file.

pub mod encode;

use looplab_probe::Log;
use looplab_runtime::Script;
use serde_json::json;
use std::io::{self, Write};

/// The page's modules by the name under which they import one another.
pub const MODULES: &[(&str, &str)] = &[
    ("lab/data", include_str!("page/data.js")),
    ("lab/fold", include_str!("page/fold.js")),
    ("lab/words", include_str!("page/words.js")),
    ("lab/lanes", include_str!("page/lanes.js")),
    ("lab/timeline", include_str!("page/timeline.js")),
    ("lab/panes", include_str!("page/panes.js")),
];

/// A script that serves a page on loopback: its arguments are the file, the path under which it is found, and the port (0 for any). It prints
/// the port.
pub const SERVER: &str = include_str!("serve.js");

/// Writes the page. `title` names the run.
///
/// # Errors
/// The writer's.
pub fn write(log: &Log, scripts: &[Script], title: &str, out: &mut dyn Write) -> io::Result<()> {
    let page = include_str!("page/index.html");
    let imports: serde_json::Map<String, serde_json::Value> = MODULES
        .iter()
        .map(|(name, text)| {
            let address = format!("data:text/javascript;base64,{}", encode::base64(text.as_bytes()));
            ((*name).to_owned(), address.into())
        })
        .collect();
    let sources: Vec<_> = scripts.iter().map(|s| json!({ "name": s.name, "text": s.text })).collect();
    let head = json!({ "title": title, "schema": encode::schema(), "texts": log.texts().collect::<Vec<_>>(), "scripts": sources });
    let events = encode::base64(&encode::events(log));
    let parts = [
        ("{{title}}", escape(title)),
        ("{{style}}", include_str!("page/style.css").to_owned()),
        ("{{imports}}", inert(&json!({ "imports": imports }).to_string())),
        ("{{head}}", inert(&head.to_string())),
        ("{{events}}", events),
        ("{{app}}", include_str!("page/app.js").to_owned()),
    ];
    let mut rest = page;
    for (mark, text) in &parts {
        let (before, after) =
            rest.split_once(mark).ok_or_else(|| io::Error::other("the page's template is damaged"))?;
        out.write_all(before.as_bytes())?;
        out.write_all(text.as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())?;
    out.flush()
}

/// JSON that can't end the script element it stands in.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_contains_cannot_end_the_page() {
        let text = "</script><script>alert(1)</script><!--";
        let scripts = [Script { id: 1, name: "/a.js".into(), text: text.into() }];
        let mut page = Vec::new();
        write(&Log::default(), &scripts, "<a> & \"b\"", &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(!page.contains("alert(1)</script>") && page.contains("&lt;a> &amp; &quot;b&quot;"));
        assert!(!page.contains("{{") && !page.contains("http://") && !page.contains("https://"));
        assert!(page.matches("</script>").count() == page.matches("<script").count());
    }
}
