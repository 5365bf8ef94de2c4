//! Line plots as SVG.

use std::fmt::Write as _;

/// A line of a plot: its name and its points.
pub(super) type Line = (String, Vec<(f64, f64)>);

/// Where numbers stand on the lower axis.
pub(super) enum Ticks<'a> {
    /// At round values.
    Even,
    /// At each point of the first line, in these words.
    At(&'a dyn Fn(f64) -> String),
}

/// How values become places.
pub(super) struct Axes<'a> {
    /// The lower axis.
    pub(super) x: Ticks<'a>,
    /// Whether equal steps upwards are equal factors.
    pub(super) log: bool,
}

const COLOURS: [&str; 12] = [
    "#3b82f6", "#d97706", "#10b981", "#c0488f", "#8b5cf6", "#64748b", "#ef4444", "#0e9f9f", "#a3841a",
    "#7c6a5a", "#5a9e3d", "#b45ab4",
];
const LEFT: f64 = 60.0;
const RIGHT: f64 = 720.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 270.0;

/// Round values between two others, about five of them.
fn even(from: f64, to: f64) -> Vec<f64> {
    let raw = ((to - from) / 5.0).max(1e-9);
    let power = 10f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|n| *n >= raw * 0.999).unwrap_or(power);
    let first = (from / step).ceil() as i64;
    (first..).map(|n| n as f64 * step).take_while(|value| *value <= to * 1.0001).take(12).collect()
}

/// Powers of ten that span two values.
fn decades(from: f64, to: f64) -> Vec<f64> {
    (from.log10().floor() as i32..=to.log10().ceil() as i32).map(|power| 10f64.powi(power)).collect()
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        n if n >= 10.0 => format!("{value:.0}"),
        n if n >= 1.0 => format!("{value:.1}").trim_end_matches(".0").into(),
        n if n >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// A line plot with a legend; "" if there is nothing to draw.
pub(super) fn plot(title: &str, x_name: &str, y_name: &str, lines: &[Line], axes: &Axes<'_>) -> String {
    let usable = |y: f64| !axes.log || y > 0.0;
    let all = || lines.iter().flat_map(|(_, points)| points).filter(|point| usable(point.1));
    let x0 = all().map(|p| p.0).fold(f64::INFINITY, f64::min);
    let x1 = all().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
    let most = all().map(|p| p.1).fold(0.0, f64::max);
    if !x0.is_finite() || most <= 0.0 {
        return String::new();
    }
    let least = all().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let rows = if axes.log { decades(least, most) } else { even(0.0, most) };
    let (y0, y1) = match (axes.log, rows.first(), rows.last()) {
        (true, Some(first), Some(last)) => (first.log10(), last.log10()),
        _ => (0.0, most),
    };
    let x = |value: f64| LEFT + (value - x0) / (x1 - x0).max(1e-9) * (RIGHT - LEFT);
    let y = |value: f64| {
        let value = if axes.log { value.log10() } else { value };
        BOTTOM - (value - y0) / (y1 - y0).max(1e-9) * (BOTTOM - TOP)
    };
    let height = 310.0 + lines.len() as f64 * 18.0;
    let mut out =
        format!("<h2>{title}</h2>\n<svg viewBox=\"0 0 740 {height}\" role=\"img\" aria-label=\"{title}\">");
    // Writing to a String can't fail, here and below.
    for value in rows {
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"currentColor\" opacity=\".2\"/><text x=\"54\" y=\"{1:.1}\" text-anchor=\"end\">{2}</text>",
            y(value),
            y(value) + 4.0,
            number(value)
        );
    }
    let columns: Vec<(f64, String)> = match &axes.x {
        Ticks::Even => even(x0, x1).into_iter().map(|at| (at, number(at))).collect(),
        Ticks::At(words) => lines
            .first()
            .map(|(_, points)| points.iter().map(|p| (p.0, words(p.0))).collect())
            .unwrap_or_default(),
    };
    for (at, words) in columns {
        let _ = write!(out, "<text x=\"{:.1}\" y=\"288\" text-anchor=\"middle\">{words}</text>", x(at));
    }
    let _ = write!(
        out,
        "<text x=\"{LEFT}\" y=\"18\">{y_name}</text><text x=\"{RIGHT}\" y=\"304\" text-anchor=\"end\">{x_name}</text>"
    );
    for (at, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let drawn = points.iter().filter(|point| usable(point.1));
        let path: Vec<String> = drawn.map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        // More lines than colours: the second round is dashed.
        let dash = if at >= COLOURS.len() { " stroke-dasharray=\"6 4\"" } else { "" };
        let row = 322.0 + at as f64 * 18.0;
        let _ = write!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/><rect x=\"60\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"82\" y=\"{row:.1}\">{name}</text>",
            path.join(" "),
            row - 6.0
        );
    }
    out + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_between_the_ends() {
        assert_eq!(even(0.0, 3452.0), [0.0, 1000.0, 2000.0, 3000.0]);
        assert_eq!(even(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(decades(0.02, 30.0), [0.01, 0.1, 1.0, 10.0, 100.0]);
    }

    #[test]
    fn a_plot_has_a_line_and_a_name_for_each() {
        let lines =
            vec![("a <b>".to_owned(), vec![(0.0, 1.0), (1.0, 10.0)]), ("c".to_owned(), vec![(0.0, 0.0)])];
        let drawn = plot("t", "x", "y", &lines, &Axes { x: Ticks::Even, log: true });
        assert_eq!(drawn.matches("<polyline").count(), 2);
        assert!(drawn.contains("a &lt;b>") && drawn.contains(">10</text>"));
        assert_eq!(plot("t", "x", "y", &[], &Axes { x: Ticks::Even, log: false }), "");
    }
}
