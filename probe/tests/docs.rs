//! `docs/log-schema.md` is what the event table says. `UPDATE_DOCS=1` writes it.

use looplab_probe::schema;
use std::path::Path;

#[test]
fn the_schema_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/log-schema.md");
    let page = schema::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/log-schema.md is out of date: run `UPDATE_DOCS=1 cargo test -p looplab-probe --test docs`"
    );
}
