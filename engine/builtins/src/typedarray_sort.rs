//! `sort` and `toSorted` of typed arrays: by the bits without a comparator, by a stable merge sort with one.

use crate::typedarray::number;
use crate::typedarray_proto::{This, duplicate, this_array};
use looplab_vm::{Args, Completion, Element, ElementType, Local, Scope, Thrown};

/// `%TypedArray%.prototype.sort(comparator)`
pub(crate) fn sort<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    comparator(s, a)?;
    let t = this_array(s, a, "sort")?;
    sort_elements(s, t, t.o, a.get(0))?;
    Ok(t.o)
}

/// `%TypedArray%.prototype.toSorted(comparator)`
pub(crate) fn to_sorted<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    comparator(s, a)?;
    let t = this_array(s, a, "toSorted")?;
    let new = duplicate(s, t)?;
    sort_elements(s, t, new, a.get(0))?;
    Ok(new)
}

fn comparator<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Result<(), Thrown> {
    let f = a.get(0);
    if f.is_undefined() || f.is_callable() {
        return Ok(());
    }
    let t = s.describe_value(f);
    Err(s.throw_type(&format!("The comparison function must be either a function or undefined: {t}")))
}

/// Sorts the elements that `t` had into `to` (which may have shrunk when the comparator is done).
fn sort_elements<'s>(s: &mut Scope<'s>, t: This<'s>, to: Local<'s>, f: Local<'s>) -> Result<(), Thrown> {
    if f.is_undefined() {
        if let Some(b) = s.view_bytes_mut(to) {
            sort_bytes(b, t.ty);
        }
        return Ok(());
    }
    let ty = t.ty;
    let items: Vec<Element> = match s.view_bytes(to) {
        Some(b) => b.chunks_exact(ty.size()).take(t.len).filter_map(|c| ty.read(c)).collect(),
        None => return Ok(()),
    };
    let sorted = merge_sort(items, |x, y| {
        s.nested(|n| {
            let (f, u) = (n.adopt(f), n.undefined());
            let (x, y) = (n.element(ty, *x), n.element(ty, *y));
            let r = n.call(f, u, &[x, y])?;
            // NaN counts as "equal", so that only a positive result moves y forward.
            Ok(n.to_number(r)? > 0.0)
        })
    })?;
    if let Some(b) = s.view_bytes_mut(to) {
        for (e, c) in sorted.into_iter().zip(b.chunks_exact_mut(ty.size())) {
            ty.write(c, e);
        }
    }
    Ok(())
}

/// A stable bottom-up merge sort; `after(x, y)`: y comes strictly before x. Any answers end in some order, errors end it.
fn merge_sort<T: Copy>(
    mut items: Vec<T>,
    mut after: impl FnMut(&T, &T) -> Result<bool, Thrown>,
) -> Result<Vec<T>, Thrown> {
    let n = items.len();
    let mut out = items.clone();
    let mut width = 1;
    while width < n {
        for from in (0..n).step_by(2 * width) {
            let (mid, end) = ((from + width).min(n), (from + 2 * width).min(n));
            let (mut i, mut j) = (from, mid);
            for slot in &mut out[from..end] {
                let right = j < end && (i >= mid || after(&items[i], &items[j])?);
                let k = if right { &mut j } else { &mut i };
                *slot = items[*k];
                *k += 1;
            }
        }
        std::mem::swap(&mut items, &mut out);
        width *= 2;
    }
    Ok(items)
}

/// Ascending; −0 before 0, NaN last.
fn sort_bytes(b: &mut [u8], ty: ElementType) {
    match ty {
        ElementType::Uint8 | ElementType::Uint8Clamped => b.sort_unstable(),
        ElementType::Int8 => b.sort_unstable_by_key(|&x| x as i8),
        ElementType::Int16 => sort_as::<2, i16>(b, i16::from_le_bytes, i16::to_le_bytes),
        ElementType::Uint16 => sort_as::<2, u16>(b, u16::from_le_bytes, u16::to_le_bytes),
        ElementType::Int32 => sort_as::<4, i32>(b, i32::from_le_bytes, i32::to_le_bytes),
        ElementType::Uint32 => sort_as::<4, u32>(b, u32::from_le_bytes, u32::to_le_bytes),
        ElementType::BigInt64 => sort_as::<8, i64>(b, i64::from_le_bytes, i64::to_le_bytes),
        ElementType::BigUint64 => sort_as::<8, u64>(b, u64::from_le_bytes, u64::to_le_bytes),
        ElementType::Float16 | ElementType::Float32 | ElementType::Float64 => sort_floats(b, ty),
    }
}

fn sort_as<const N: usize, T: Ord + Copy>(b: &mut [u8], read: fn([u8; N]) -> T, write: fn(T) -> [u8; N]) {
    let (chunks, _) = b.as_chunks_mut::<N>();
    let mut values: Vec<T> = chunks.iter().map(|&c| read(c)).collect();
    values.sort_unstable();
    for (c, v) in chunks.iter_mut().zip(values) {
        *c = write(v);
    }
}

fn sort_floats(b: &mut [u8], ty: ElementType) {
    let size = ty.size();
    let mut values: Vec<f64> = b.chunks_exact(size).filter_map(|c| ty.read(c).and_then(number)).collect();
    // total_cmp puts negative NaNs first: make them all positive.
    values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = f64::NAN);
    values.sort_unstable_by(f64::total_cmp);
    for (c, v) in b.chunks_exact_mut(size).zip(values) {
        ty.write(c, Element::Number(v));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_sort_is_stable_and_survives_nonsense() {
        let items: Vec<(u32, u32)> = (0..100).map(|i| (i * 7 % 10, i)).collect();
        let sorted = merge_sort(items, |x, y| Ok(x.0 > y.0)).expect("no error");
        assert!(sorted.windows(2).all(|w| w[0] <= w[1]));
        let all = merge_sort((0..33).collect(), |_, _| Ok(true)).expect("no error");
        assert_eq!(all.len(), 33);
    }

    #[test]
    fn floats_sort_with_zeros_apart_and_nan_last() {
        let mut b: Vec<u8> =
            [1.0, f64::NAN, 0.0, -0.0, f64::NEG_INFINITY].iter().flat_map(|n| n.to_le_bytes()).collect();
        sort_bytes(&mut b, ElementType::Float64);
        let got: Vec<f64> =
            b.chunks_exact(8).filter_map(|c| ElementType::Float64.read(c).and_then(number)).collect();
        assert_eq!(got[..4], [f64::NEG_INFINITY, -0.0, 0.0, 1.0]);
        assert!(got[1].is_sign_negative() && got[4].is_nan());
    }
}
