//! sort and toSorted: stable, on a copy, so that the comparison function may do what it likes.
//!
//! With a comparison function this is TimSort: natural runs are found (and reversed when they fall), short ones are lengthened by
//! binary insertion, and runs are merged while galloping through stretches that come from one side only. Scripts see which
//! pairs are compared in which order; for the short arrays where one looks at that it is V8's order.

use super::{array_create, delete_index, element, get_index, put_new, set_index};
use looplab_vm::{Args, Completion, Local, Scope, Thrown, Value};
use std::cmp::Ordering;

pub(super) fn sort<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = comparator(s, args)?;
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let sorted = sorted_values(s, o, n, f, false)?;
    if s.is_fluid_array(o) && s.fast_store(o, &sorted) {
        return Ok(o);
    }
    for (i, v) in sorted.iter().enumerate() {
        s.nested(|x| {
            let (o, v) = (x.adopt(o), x.local(*v));
            set_index(x, o, i as u64, v)
        })?;
    }
    // Holes were left out: as many elements go at the end.
    for i in sorted.len() as u64..n {
        delete_index(s, o, i)?;
    }
    Ok(o)
}

pub(super) fn to_sorted<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = comparator(s, args)?;
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    if n > u64::from(u32::MAX) {
        return Err(s.throw_range("Invalid array length"));
    }
    let sorted = sorted_values(s, o, n, f, true)?;
    let a = array_create(s, 0)?;
    s.fast_extend(a, &sorted);
    Ok(a)
}

/// The comparison function, if there is one.
fn comparator<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<Option<Local<'s>>, Thrown> {
    let f = args.get(0);
    if f.is_undefined() {
        return Ok(None);
    }
    if f.is_callable() {
        return Ok(Some(f));
    }
    let t = s.describe_value(f);
    Err(s.throw_type(&format!("The comparison function must be either a function or undefined: {t}")))
}

/// SortIndexedProperties: the values in order, undefined last, rooted by an array that lives as long as the scope.
fn sorted_values<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    n: u64,
    f: Option<Local<'s>>,
    read_holes: bool,
) -> Result<Vec<Value>, Thrown> {
    let fast = s.is_fast_array(o) && u64::from(s.array_len(o)) == n && (!read_holes || s.fast_is_packed(o));
    if fast
        && f.is_none()
        && let Some(k) = s.fast_sort_default(o)
    {
        // Written back at once, or read from `o` again: nothing runs in between.
        s.sort_keys_array(&k);
        return Ok(k.0);
    }
    let (mut values, undefined) = if fast {
        let (k, undefined) = s.fast_sort_input(o);
        s.sort_keys_array(&k);
        (k.0, undefined)
    } else {
        collect(s, o, n, read_holes)?
    };
    match f {
        Some(f) => tim_sort(&mut values, &mut |a, b| compare_with(s, f, a, b))?,
        None => values = sort_by_text(s, values)?,
    }
    let u = s.undefined().value();
    values.resize(values.len() + undefined, u);
    Ok(values)
}

/// The values of any array-like but undefined, and how many were undefined.
fn collect<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    n: u64,
    read_holes: bool,
) -> Result<(Vec<Value>, usize), Thrown> {
    let keep = array_create(s, 0)?;
    let (mut values, mut undefined) = (Vec::new(), 0);
    for i in 0..n {
        s.nested(|x| {
            let (o, keep) = (x.adopt(o), x.adopt(keep));
            let v = if read_holes { Some(get_index(x, o, i)?) } else { element(x, o, i)? };
            match v {
                None => {}
                Some(v) if v.is_undefined() => undefined += 1,
                Some(v) => {
                    put_new(x, keep, values.len() as u64, v)?;
                    values.push(v.value());
                }
            }
            Ok(())
        })?;
    }
    Ok((values, undefined))
}

/// One call of the comparison function.
fn compare_with<'s>(s: &mut Scope<'s>, f: Local<'s>, a: Value, b: Value) -> Result<Ordering, Thrown> {
    if let Some(d) = s.leaf_number(f, a, b) {
        return Ok(d.partial_cmp(&0.0).unwrap_or(Ordering::Equal));
    }
    s.nested(|x| {
        let (f, a, b, u) = (x.adopt(f), x.local(a), x.local(b), x.undefined());
        let r = x.call(f, u, &[a, b])?;
        let d = x.to_number(r)?;
        Ok(d.partial_cmp(&0.0).unwrap_or(Ordering::Equal))
    })
}

/// By ToString of each value, computed once.
fn sort_by_text<'s>(s: &mut Scope<'s>, values: Vec<Value>) -> Result<Vec<Value>, Thrown> {
    let mut pairs = Vec::with_capacity(values.len());
    for v in values {
        let l = s.local(v);
        let t = s.to_string(l)?;
        pairs.push((t, v));
    }
    pairs.sort_by(|a, b| s.compare_strings(a.0, b.0));
    Ok(pairs.into_iter().map(|p| p.1).collect())
}

// ---- TimSort ----

type Compare<'a> = dyn FnMut(Value, Value) -> Result<Ordering, Thrown> + 'a;

/// How often one side must win in a row before a merge gallops.
const MIN_GALLOP: usize = 7;

/// Sorts in place; stable. On an error the values are some permutation of what they were, or have duplicates: they are dropped.
pub(crate) fn tim_sort(v: &mut [Value], less: &mut Compare<'_>) -> Result<(), Thrown> {
    if v.len() < 2 {
        return Ok(());
    }
    let min_run = min_run(v.len());
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut gallop = MIN_GALLOP;
    let mut low = 0;
    while low < v.len() {
        let rest = v.len() - low;
        let mut len = count_run(&mut v[low..], less)?;
        if len < min_run {
            let forced = min_run.min(rest);
            insert_rest(&mut v[low..low + forced], len, less)?;
            len = forced;
        }
        runs.push((low, len));
        collapse(v, &mut runs, &mut gallop, less)?;
        low += len;
    }
    while runs.len() > 1 {
        let n = runs.len();
        let i = if n > 2 && runs[n - 3].1 < runs[n - 1].1 { n - 3 } else { n - 2 };
        merge_at(v, &mut runs, i, &mut gallop, less)?;
    }
    Ok(())
}

/// The length that runs are brought to: 32 to 64, so that their number is near a power of two.
fn min_run(mut n: usize) -> usize {
    let mut odd = 0;
    while n >= 64 {
        odd |= n & 1;
        n >>= 1;
    }
    n + odd
}

/// The length of the run at the beginning; a strictly falling one is reversed.
fn count_run(v: &mut [Value], less: &mut Compare<'_>) -> Result<usize, Thrown> {
    if v.len() < 2 {
        return Ok(v.len());
    }
    let falling = less(v[1], v[0])? == Ordering::Less;
    let mut n = 2;
    while n < v.len() && (less(v[n], v[n - 1])? == Ordering::Less) == falling {
        n += 1;
    }
    if falling {
        v[..n].reverse();
    }
    Ok(n)
}

/// Binary insertion of everything behind the first `sorted`.
fn insert_rest(v: &mut [Value], sorted: usize, less: &mut Compare<'_>) -> Result<(), Thrown> {
    for i in sorted.max(1)..v.len() {
        let pivot = v[i];
        let (mut left, mut right) = (0, i);
        while left < right {
            let mid = left + (right - left) / 2;
            if less(pivot, v[mid])? == Ordering::Less {
                right = mid;
            } else {
                left = mid + 1;
            }
        }
        v.copy_within(left..i, left + 1);
        v[left] = pivot;
    }
    Ok(())
}

/// Merges until the runs' lengths fall fast enough again.
fn collapse(
    v: &mut [Value],
    runs: &mut Vec<(usize, usize)>,
    gallop: &mut usize,
    less: &mut Compare<'_>,
) -> Result<(), Thrown> {
    while runs.len() > 1 {
        let n = runs.len();
        let len = |i: usize| runs[n - i].1;
        let broken = n > 2 && len(3) <= len(2) + len(1) || n > 3 && len(4) <= len(3) + len(2);
        let at = if broken {
            if len(3) < len(1) { n - 3 } else { n - 2 }
        } else if len(2) <= len(1) {
            n - 2
        } else {
            return Ok(());
        };
        merge_at(v, runs, at, gallop, less)?;
    }
    Ok(())
}

fn merge_at(
    v: &mut [Value],
    runs: &mut Vec<(usize, usize)>,
    i: usize,
    gallop: &mut usize,
    less: &mut Compare<'_>,
) -> Result<(), Thrown> {
    let ((mut base_a, mut len_a), (base_b, len_b)) = (runs[i], runs[i + 1]);
    runs[i].1 = len_a + len_b;
    runs.remove(i + 1);
    // What of A comes before all of B stays, and what of B comes after all of A.
    let k = gallop_right(v[base_b], &v[base_a..base_a + len_a], 0, less)?;
    base_a += k;
    len_a -= k;
    if len_a == 0 {
        return Ok(());
    }
    let last_a = v[base_a + len_a - 1];
    let len_b = gallop_left(last_a, &v[base_b..base_b + len_b], len_b - 1, less)?;
    if len_b == 0 {
        return Ok(());
    }
    let part = &mut v[base_a..base_b + len_b];
    if len_a <= len_b { merge_low(part, len_a, gallop, less) } else { merge_high(part, len_a, gallop, less) }
}

/// Where `key` goes in a sorted slice: before equal ones. The search widens from `hint`.
fn gallop_left(key: Value, v: &[Value], hint: usize, less: &mut Compare<'_>) -> Result<usize, Thrown> {
    gallop(v, hint, &mut |x| Ok(less(x, key)? == Ordering::Less))
}

/// Where `key` goes in a sorted slice: behind equal ones.
fn gallop_right(key: Value, v: &[Value], hint: usize, less: &mut Compare<'_>) -> Result<usize, Thrown> {
    gallop(v, hint, &mut |x| Ok(less(key, x)? != Ordering::Less))
}

/// How many elements `before` holds for; it does for a first part and then no more.
fn gallop(
    v: &[Value],
    hint: usize,
    before: &mut dyn FnMut(Value) -> Result<bool, Thrown>,
) -> Result<usize, Thrown> {
    let (mut low, mut high);
    if before(v[hint])? {
        let max = v.len() - hint;
        let (mut last, mut step) = (0, 1);
        while step < max && before(v[hint + step])? {
            last = step;
            step = step * 2 + 1;
        }
        (low, high) = (hint + last + 1, hint + step.min(max));
    } else {
        let max = hint + 1;
        let (mut last, mut step) = (0, 1);
        while step < max && !before(v[hint - step])? {
            last = step;
            step = step * 2 + 1;
        }
        (low, high) = (hint + 1 - step.min(max), hint - last);
    }
    while low < high {
        let mid = low + (high - low) / 2;
        if before(v[mid])? {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    Ok(low)
}

/// Merges the runs `v[..split]` and `v[split..]` from the left; the left one is the shorter.
fn merge_low(v: &mut [Value], split: usize, min: &mut usize, less: &mut Compare<'_>) -> Result<(), Thrown> {
    let a = v[..split].to_vec();
    let (mut i, mut j, mut to) = (0, split, 0);
    // The first of B is known to come first.
    v[to] = v[j];
    (to, j) = (to + 1, j + 1);
    while i < a.len() && j < v.len() {
        let (mut wins_a, mut wins_b) = (0, 0);
        while i < a.len() && j < v.len() && wins_a.max(wins_b) < *min {
            if less(v[j], a[i])? == Ordering::Less {
                v[to] = v[j];
                (j, wins_b, wins_a) = (j + 1, wins_b + 1, 0);
            } else {
                v[to] = a[i];
                (i, wins_a, wins_b) = (i + 1, wins_a + 1, 0);
            }
            to += 1;
        }
        *min += 1;
        while i < a.len() && j < v.len() {
            *min -= usize::from(*min > 1);
            let n = gallop_right(v[j], &a[i..], 0, less)?;
            v[to..to + n].copy_from_slice(&a[i..i + n]);
            (i, to) = (i + n, to + n);
            if i >= a.len() {
                break;
            }
            v[to] = v[j];
            (j, to) = (j + 1, to + 1);
            if j >= v.len() {
                break;
            }
            let m = gallop_left(a[i], &v[j..], 0, less)?;
            v.copy_within(j..j + m, to);
            (j, to) = (j + m, to + m);
            if j >= v.len() {
                break;
            }
            v[to] = a[i];
            (i, to) = (i + 1, to + 1);
            if n < MIN_GALLOP && m < MIN_GALLOP {
                *min += 1;
                break;
            }
        }
    }
    // What is left of B is in its place already.
    v[to..to + a.len() - i].copy_from_slice(&a[i..]);
    Ok(())
}

/// Merges the runs `v[..split]` and `v[split..]` from the right; the right one is the shorter.
fn merge_high(v: &mut [Value], split: usize, min: &mut usize, less: &mut Compare<'_>) -> Result<(), Thrown> {
    let b = v[split..].to_vec();
    // Everything from `to` on is merged; `i` of A and `j` of B are left.
    let (mut i, mut j, mut to) = (split, b.len(), v.len());
    // The last of A is known to come last.
    (i, to) = (i - 1, to - 1);
    v[to] = v[i];
    while i > 0 && j > 0 {
        let (mut wins_a, mut wins_b) = (0, 0);
        while i > 0 && j > 0 && wins_a.max(wins_b) < *min {
            to -= 1;
            if less(b[j - 1], v[i - 1])? == Ordering::Less {
                v[to] = v[i - 1];
                (i, wins_a, wins_b) = (i - 1, wins_a + 1, 0);
            } else {
                v[to] = b[j - 1];
                (j, wins_b, wins_a) = (j - 1, wins_b + 1, 0);
            }
        }
        *min += 1;
        while i > 0 && j > 0 {
            *min -= usize::from(*min > 1);
            let k = gallop_right(b[j - 1], &v[..i], i - 1, less)?;
            let n = i - k;
            v.copy_within(k..i, to - n);
            (i, to) = (k, to - n);
            if i == 0 {
                break;
            }
            (j, to) = (j - 1, to - 1);
            v[to] = b[j];
            if j == 0 {
                break;
            }
            let k = gallop_left(v[i - 1], &b[..j], j - 1, less)?;
            let m = j - k;
            v[to - m..to].copy_from_slice(&b[k..j]);
            (j, to) = (k, to - m);
            if j == 0 {
                break;
            }
            (i, to) = (i - 1, to - 1);
            v[to] = v[i];
            if n < MIN_GALLOP && m < MIN_GALLOP {
                *min += 1;
                break;
            }
        }
    }
    // What is left of A is in its place already.
    v[..to][to - j..].copy_from_slice(&b[..j]);
    Ok(())
}
