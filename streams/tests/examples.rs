//! The examples do what they say.

#[path = "../examples/lines.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod lines;
#[path = "../examples/slow_sink.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod slow_sink;

#[test]
fn buffers_hold_no_more_than_their_watermarks() {
    let (read, written, bytes) = slow_sink::run();
    assert_eq!(bytes, 500_000);
    assert!(read <= 4000, "{read}");
    assert!(written <= 4000, "{written}");
}

#[test]
fn lines_are_cut_where_they_end() {
    let got = lines::run(vec![b"one\ntw".to_vec(), b"o\nthr".to_vec(), b"ee".to_vec()]);
    assert_eq!(got, ["1: one", "2: two", "3: three"]);
}
