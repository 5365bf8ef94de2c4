//! `docs/log-schema.md`, printed from the event table so that it can't drift (a test compares the file).

use crate::codec::{SCHEMA, VERSION};
use crate::event::TABLE;
use crate::words::{Group, VOCABULARIES};
use std::fmt::Write as _;

const HEAD: &str = "\
# The log's schema

Every instrument of looplab reads one log. `looplab trace --format json` writes it; the page you are reading is printed from the
event table in `probe/src/event.rs` (`UPDATE_DOCS=1 cargo test -p looplab-probe --test docs` prints it anew).

## The file

JSON lines in UTF-8. The first line is the header, each further line one event:

```json
{\"schema\":\"@SCHEMA@\",\"version\":@VERSION@,\"events\":2,\"cut\":0}
{\"id\":0,\"t\":1200,\"ev\":\"turn-begin\",\"turn\":1}
{\"id\":1,\"t\":1350,\"in\":0,\"ev\":\"exit-code\",\"code\":0}
```

- `version` grows when a reader of the older form would be misled. New events and new fields don't raise it: skip keys you don't know.
- `events` counts the lines that follow, `cut` the events left out because the recording reached its limit (see `truncated`).
- `id` is the event's index, from 0. Other events refer to it by this number.
- `t` is the time in nanoseconds since the world began: monotonic real time, or the virtual clock. It grows with the id, except
  for `pool-started` and `pool-finished`, which carry the worker's stamps and are recorded when their completion arrives.
- `in` is the id of the innermost callback running at that moment; absent outside callbacks. For `callback-begin` it is the callback around it.
- `number` is the number of a timer, immediate, handle, request or tick within its kind; it has nothing to do with `id`.
- Fields marked `?` are absent when there is nothing to say. A position is `[script, line, column]`, both counted from 1, columns in UTF-16 units.

## Why did this callback run now?

Take its `callback-begin`. `cause` is the event that scheduled it; that event's `in` is the callback that did so; and so on up to the main script.
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = HEAD.replace("@SCHEMA@", SCHEMA).replace("@VERSION@", &VERSION.to_string());
    page.push_str("\n## Events\n");
    for group in Group::ALL {
        let events = TABLE.iter().filter(|e| e.group == *group);
        // Writing to a String can't fail, here and below.
        let _ = write!(page, "\n### {group}\n\n{}\n", Group::WORDS[*group as usize].doc.trim());
        for event in events {
            let _ = write!(page, "\n**`{}`** {}\n", event.name, event.doc.trim());
            if !event.fields.is_empty() {
                page.push_str("\n| field | type | meaning |\n|---|---|---|\n");
            }
            for field in event.fields {
                let _ = writeln!(page, "| `{}` | {} | {} |", field.name, field.ty, field.doc.trim());
            }
        }
    }
    page.push_str("\n## Words\n");
    for vocabulary in VOCABULARIES {
        let _ = write!(page, "\n### {}\n\n", vocabulary.name);
        for word in vocabulary.words {
            let _ = writeln!(page, "- `{}`: {}", word.name, word.doc.trim());
        }
    }
    page
}
