//! Where the panes lie, from 60 columns and 16 rows upwards.

use super::app::{App, Mode, Pane, Question};
use super::keys::HELP;
use super::theme::{Ink, style};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

/// The smallest terminal that is worth drawing on.
pub const SMALLEST: (u16, u16) = (60, 16);
/// From this size on, all panes are shown at once.
const ROOMY: (u16, u16) = (120, 36);
/// Rows above the panes.
const HEAD: u16 = 3;

/// Draws everything.
pub fn draw(app: &App<'_, '_>, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "looplab step needs {} columns and {} rows; this terminal has {} and {}. Make it larger, or q to quit.",
            SMALLEST.0, SMALLEST.1, area.width, area.height
        );
        frame.render_widget(Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }), area);
        return;
    }
    let columns = usize::from(area.width);
    let head = vec![app.title(columns), app.ring(columns), app.status(columns)];
    frame.render_widget(Paragraph::new(head), Rect { height: HEAD, ..area });
    let body = Rect { y: area.y + HEAD, height: area.height - HEAD - 1, ..area };
    let left = Rect { width: area.width * 11 / 20, ..body };
    let right = Rect { x: body.x + left.width, width: body.width - left.width, ..body };
    draw_left(app, frame, left);
    draw_right(app, frame, right, area.width >= ROOMY.0 && area.height >= ROOMY.1);
    draw_foot(app, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    if app.mode == Mode::Help {
        draw_help(app, frame, body);
    }
}

fn draw_left(app: &App<'_, '_>, frame: &mut Frame<'_>, area: Rect) {
    let console = (area.height * 3 / 10).max(4);
    let (source, console) = split(area, area.height - console);
    pane(app, frame, source, &app.source_title(), false, |columns, rows| app.source(columns, rows));
    pane(app, frame, console, "console", false, |columns, rows| app.console(columns, rows));
}

fn draw_right(app: &App<'_, '_>, frame: &mut Frame<'_>, area: Rect, roomy: bool) {
    let (stack, rest) = split(area, if roomy { area.height * 3 / 10 } else { area.height * 9 / 20 });
    pane(app, frame, stack, "call stack", true, |columns, rows| app.stack(columns, rows));
    if roomy {
        let (why, rest) = split(rest, rest.height * 2 / 5);
        let (queues, pool) = split(rest, rest.height * 3 / 5);
        pane(app, frame, why, "why now?", true, |columns, _| app.why_now(columns));
        pane(app, frame, queues, "queues", true, |columns, _| app.queues(columns));
        pane(app, frame, pool, "pool and handles", true, |columns, _| app.pool(columns));
        return;
    }
    match app.pane {
        Pane::Why => {
            pane(app, frame, rest, "why now?  (Tab: queues)", true, |columns, _| app.why_now(columns))
        }
        Pane::Queues => pane(app, frame, rest, "queues  (Tab: pool)", true, |columns, _| app.queues(columns)),
        Pane::Pool => {
            pane(app, frame, rest, "pool and handles  (Tab: why now)", true, |columns, _| app.pool(columns))
        }
    }
}

fn split(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.height);
    (Rect { height: first, ..area }, Rect { y: area.y + first, height: area.height - first, ..area })
}

/// A pane: its title on a line, its lines below; a sign where there are more than fit.
fn pane(
    app: &App<'_, '_>,
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    bar: bool,
    lines: impl FnOnce(usize, usize) -> Vec<Line<'static>>,
) {
    let borders = if bar { Borders::TOP | Borders::LEFT } else { Borders::TOP };
    let title = Span::styled(format!(" {title} "), style(Ink::Strong, app.color));
    let block = Block::new().borders(borders).border_style(style(Ink::Dim, app.color)).title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines = lines(usize::from(inner.width), usize::from(inner.height));
    let rows = usize::from(inner.height);
    if lines.len() > rows && rows > 0 {
        lines.truncate(rows - 1);
        lines.push(Line::styled("  …", style(Ink::Dim, app.color)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn draw_foot(app: &App<'_, '_>, frame: &mut Frame<'_>, area: Rect) {
    let line = match (&app.mode, &app.message) {
        (Mode::Ask(Question::Breakpoint, text), _) => {
            Line::raw(format!("stop at (12, app.js:12, check, timer-start …): {text}▏"))
        }
        (Mode::Ask(Question::Search, text), _) => Line::raw(format!("search events: {text}▏")),
        (_, Some(message)) => Line::styled(message.clone(), style(Ink::Strong, app.color)),
        (_, None) => Line::styled(
            "→ event s step n over o out c callback p phase t turn · capitals: back · ? help",
            style(Ink::Dim, app.color),
        ),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn draw_help(app: &App<'_, '_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = HELP.iter().map(|(keys, what)| {
        Line::from(vec![
            Span::styled(format!("{keys:>6}  "), style(Ink::Strong, app.color)),
            Span::raw(*what),
        ])
    });
    let mut lines: Vec<Line<'_>> = rows.collect();
    if area.height as usize > lines.len() + 5 {
        lines.push(Line::raw(""));
        lines.push(Line::raw(
            "▶ the statement that is about to run   ● breakpoint   ↑ variable of a function around",
        ));
    }
    let width = area.width.min(88);
    let height = area.height.min(lines.len() as u16 + 2);
    let area = Rect { x: area.x + (area.width - width) / 2, y: area.y, width, height };
    let block =
        Block::bordered().title(Span::styled(" keys (any key closes) ", style(Ink::Strong, app.color)));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(Text::from(lines)).block(block), area);
}
