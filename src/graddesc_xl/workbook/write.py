"""Composed sheets become a file: the only module that knows XlsxWriter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..ending import scratch
from ..errors import WorkbookError
from ..language.values import CellError
from ..writing import replacing
from . import PROPERTY
from .cells import Area, Formula, a1, plain, quoted
from .paper import END, FEW, SIDE, paper, printed
from .reference import Cell
from .sheet import Chart, Sheet
from .style import CHART_SIZE, FAINT, FONT, FORMATS, INK, INSTEAD, MINOR, RULE, Style

#: every file bears this time, so that the same book gives the same bytes; a program that saves it leaves its own
CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def write(
    sheets: Sequence[Sheet],
    path: Path,
    *,
    title: str,
    manifest: dict[str, Any],
    progress: Callable[[str], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write a workbook whole or not at all; progress: told each sheet; check: a last look before it is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_workbook(path, check) as (book, page_class):
        book.set_properties({"title": title, "author": "graddesc-xl", "created": CREATED})
        book.set_custom_property(PROPERTY, json.dumps(manifest, sort_keys=True), "text")
        book.set_size(1920, 1080)
        book.set_calc_mode("auto")
        formats: dict[Style, Any] = {}
        instead = _instead(book)
        pages = [(sheet, book.add_worksheet(sheet.name, page_class)) for sheet in sheets]
        for sheet, page in pages:
            progress(sheet.name)
            page.progress = partial(_row, progress, sheet.name)
            _page(sheet, page, title)
            _cells(sheet, page, book, formats)
            _around(sheet, page, book)
            _sized(sheet, page, instead)
        progress("the file")


def _row(progress: Callable[[str], None], sheet: str, row: int) -> None:
    progress(f"{sheet}, row {row:,}")


def write_around(sheets: Sequence[Sheet], path: Path) -> None:
    """Write only what stands around the cells: merged cells, links, input rules, marks, notes and charts."""
    with new_workbook(path) as (book, page_class):
        formats: dict[Style, Any] = {}
        instead = _instead(book)
        pages = [(sheet, book.add_worksheet(sheet.name, page_class)) for sheet in sheets]
        for sheet, page in pages:
            _page(sheet, page, "")  # what is folded moves the charts beside it
            around = {*sheet.links, *sheet.merged, *sheet.merged_down}
            marked = {at: cell for at, cell in sheet.cells.items() if at in around}
            _cells(replace(sheet, cells=marked, fills=[]), page, book, formats)
            _around(sheet, page, book)
            _sized(sheet, page, instead)


@contextmanager
def new_workbook(
    path: Path, check: Callable[[], None] = lambda: None, **options: Any
) -> Iterator[tuple[Any, type[Any]]]:
    """A workbook of XlsxWriter's, and its class of worksheets; where the context ends well it replaces `path`."""
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    from .page import Page

    with replacing(path, check) as file, scratch() as folder:
        texts = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, {**texts, "tmpdir": str(folder), "use_zip64": True, **options})
        try:
            yield book, Page
            for page in book.worksheets():
                if page.constant_memory:
                    page._write_single_row()  # the last one, while texts can still be added to the shared ones
            book.close()
        except XlsxWriterException as problem:  # an error of the operating system in disguise
            raise OSError(str(problem)) from None
        finally:
            for page in book.worksheets():  # after an error XlsxWriter leaves the rows of constant_memory open
                with suppress(OSError):
                    getattr(page.row_data_fh, "close", lambda: None)()


def _page(sheet: Sheet, page: Any, title: str) -> None:
    """How the sheet is shown and printed."""
    page.hide_gridlines(2)
    page.set_portrait() if sheet.portrait else page.set_landscape()
    page.set_paper(9)
    pages = paper(sheet)
    if pages.fits and not sheet.hidden:
        page.fit_to_pages(1, pages.down if pages.down <= FEW else 0)
    elif pages.tight and not sheet.hidden:
        page.fit_to_pages(1, 0)
        page.set_h_pagebreaks(pages.rows)
    else:
        page.set_v_pagebreaks(pages.ends)
        page.set_h_pagebreaks(pages.rows)
        page.set_print_scale(pages.scale)
    page.set_margins(SIDE, SIDE, END, END)
    page.set_header(f"&L&9{title.replace('&', '&&')}&R&9&A")
    page.set_footer("&R&9&P / &N")
    if sheet.printed and not sheet.hidden:  # LibreOffice prints what is hidden, too, if it has an area for it
        rows, columns = printed(sheet)
        page.print_area(0, 0, rows - 1, columns - 1)
    if sheet.repeat_columns:
        page.repeat_columns(0, sheet.repeat_columns - 1)
    if sheet.repeat_rows:
        page.repeat_rows(sheet.repeat_rows[0] - 1, sheet.repeat_rows[1] - 1)
    if sheet.frozen != (0, 0):
        page.freeze_panes(*sheet.frozen)
    if sheet.zoom != 100:
        page.set_zoom(sheet.zoom)
    if sheet.tab:
        page.set_tab_color(sheet.tab)
    if sheet.hidden:
        page.very_hidden() if sheet.secret else page.hide()
    if sheet.opens:
        page.activate()
    for column in sorted({*sheet.widths, *sheet.aside, *(c + 1 for c in sheet.aside)}):
        folding = {"level": 1, "hidden": True} if column in sheet.aside else {"collapsed": column - 1 in sheet.aside}
        page.set_column(column - 1, column - 1, sheet.widths.get(column), None, folding)
    if sheet.folded or sheet.aside:
        page.outline_settings(True, False, True, False)
    for row in sorted({*sheet.heights, *sheet.folded, *(r - 1 for r in sheet.folded)}):
        level = sheet.folded.get(row, 0)
        options: dict[str, Any] = {"level": level, "hidden": True} if level else {}
        if not level and row + 1 in sheet.folded:
            options = {"collapsed": True}
        page.set_row(row - 1, sheet.heights.get(row), None, options)


def _cells(sheet: Sheet, page: Any, book: Any, formats: dict[Style, Any]) -> None:
    """Every cell."""

    def looks(style: Style) -> Any:
        if style not in formats:
            formats[style] = book.add_format(style.properties())
        return formats[style]

    for fill in sheet.fills:
        page.add_fill(fill, looks(fill.style))
    formula, string, numeric = page.write_formula, page.write_string, page.write_number
    blanks = {at: (str(v) if isinstance(v, CellError) else v, style) for at, (v, style) in sheet.blanks.items()}
    for (row, column), (content, style) in (*sheet.cells.items(), *blanks.items()):
        look, at = looks(style), (row, column)
        last = row - 2 + sheet.merged_down.get(at, 1), column - 2 + sheet.merged.get(at, 1)
        merged = last != (row - 1, column - 1)
        if isinstance(content, Formula):
            if merged:
                page.merge_range(row - 1, column - 1, *last, "", look)
            value = content.value.value if isinstance(content.value, CellError) else content.value
            done = formula(row - 1, column - 1, content.text, look, value)
        elif isinstance(content, str):
            if (row, column) in sheet.links:
                link = sheet.links[row, column]
                target = f"internal:{quoted(link.sheet)}!{a1(*link.at)}"
                done = page.write_url(row - 1, column - 1, target, look, content)
            elif merged:
                done = page.merge_range(row - 1, column - 1, *last, content, look)
            else:
                done = string(row - 1, column - 1, content, look)
        elif content is None:
            done = page.write_blank(row - 1, column - 1, None, look)
        elif merged:
            done = page.merge_range(row - 1, column - 1, *last, content, look)
        else:
            done = numeric(row - 1, column - 1, content, look)
        if done:
            raise WorkbookError(f"{sheet.address(row, column)} cannot be written: a sheet ends at XFD1048576.")


def _around(sheet: Sheet, page: Any, book: Any) -> None:
    """Notes, input rules and charts."""
    for (row, column), text in sheet.notes.items():
        lines = sum(1 + len(line) // 46 for line in text.splitlines())
        size = {
            "width": 300,
            "height": 24 + 17 * lines,
            "font_name": FONT,
            "font_size": 9,
            "color": "#FFFEF5",
        }
        page.write_comment(row - 1, column - 1, text, size)
    for (row, column), rule in sheet.rules.items():
        allowed: dict[str, Any] = (
            {"validate": "list", "source": [plain(choice) for choice in rule.choices]}
            if rule.choices
            else {"validate": "decimal", "criteria": "between", "minimum": rule.low, "maximum": rule.high}
        )
        message = f"{rule.title}: a number from {plain(rule.low)} to {plain(rule.high)}."
        allowed |= {
            "input_title": rule.title[:32],
            "input_message": rule.message[:255],
            "error_title": "not possible",
            "error_message": rule.message[:255] if rule.choices else message,
        }
        page.data_validation(row - 1, column - 1, row - 2 + rule.rows, column - 2 + rule.columns, allowed)
    for (row, column), mark in sheet.marks:
        look = {"font_color": mark.color, "bg_color": mark.fill, "num_format": mark.number}
        look = {name: value for name, value in look.items() if value}
        page.conditional_format(
            row - 1,
            column - 1,
            row - 2 + mark.rows,
            column - 2 + mark.columns,
            {"type": "formula", "criteria": f"={mark.condition}", "format": book.add_format(look)},
        )
    for (row, column), scale in sheet.scales:
        shades: dict[str, Any] = {"type": "3_color_scale"}
        for name, stop, color in zip(("min", "mid", "max"), scale.stops, scale.colors, strict=True):
            value = f"={a1(stop.row, stop.column, fixed=True)}"
            shades |= {f"{name}_type": "formula", f"{name}_value": value, f"{name}_color": color}
        page.conditional_format(row - 1, column - 1, row - 2 + scale.rows, column - 2 + scale.columns, shades)
    for chart in sheet.charts:
        page.insert_chart(chart.row - 1, chart.column - 1, _chart(chart, book), _placed(chart))


def _sized(sheet: Sheet, page: Any, looks: Mapping[str, Any]) -> None:
    """Numbers too large or too small for their cells' format are shown in another."""
    for (column, number), spans in _spans(sheet).items():
        (top, bottom), *_ = spans
        areas = " ".join(a1(a, column) + (f":{a1(b, column)}" if a < b else "") for a, b in spans)
        for condition, instead in INSTEAD[number]:
            criteria = "=" + condition.format(cell=a1(top, column))
            rule = {"type": "formula", "criteria": criteria, "format": looks[instead], "multi_range": areas}
            page.conditional_format(top - 1, column - 1, bottom - 1, column - 1, rule)


def _instead(book: Any) -> dict[str, Any]:
    """The number formats that take another's place."""
    return {code: book.add_format({"num_format": code}) for rules in INSTEAD.values() for _, code in rules}


def _spans(sheet: Sheet) -> dict[tuple[int, str], list[tuple[int, int]]]:
    """(column, number format) -> the first and last rows of its stretches, between which no number has another."""
    columns: dict[int, list[tuple[int, int, str]]] = {}
    for (row, column), (content, style) in sheet.cells.items():
        if not isinstance(content, str):
            columns.setdefault(column, []).append((row, row, style.number))
    for fill in sheet.fills:
        columns.setdefault(fill.column, []).append((fill.top, fill.bottom, fill.style.number))
    spans: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for column, parts in columns.items():
        for number, stretch in groupby(sorted(parts), key=itemgetter(2)):
            tops, bottoms, _ = zip(*stretch, strict=True)
            if number in INSTEAD:
                spans.setdefault((column, number), []).append((tops[0], bottoms[-1]))
    return spans


def _name(name: str | Cell) -> str:
    """A curve's name as XlsxWriter takes it: text, or a cell."""
    return name if isinstance(name, str) else f"={quoted(name.sheet.name)}!{a1(name.row, name.column, fixed=True)}"


def _reference(area: Area) -> list[Any]:
    return [area.sheet, area.top - 1, area.left - 1, area.bottom - 1, area.right - 1]


def _placed(chart: Chart) -> dict[str, Any]:
    """How a chart moves with its cells, and what it says to who cannot see it."""
    names = ", ".join(series.name for series in chart.series if isinstance(series.name, str))
    about = chart.about or f"{chart.title}: {chart.y_title} by {chart.x_title}{f' ({names})' if names else ''}."
    return {"object_position": 2, "description": about, "x_offset": chart.offset}


def _chart(chart: Chart, book: Any) -> Any:
    """A scatter chart of straight lines: it leaves a gap where a cell is an error."""
    made = book.add_chart({"type": "line"} if chart.categories else {"type": "scatter", "subtype": "straight"})
    for series in chart.series:
        line: dict[str, Any] = {"color": series.color, "width": series.width} if series.line else {"none": True}
        if series.dashed or series.dash:
            line["dash_type"] = series.dash or "dash"
        marker = {
            "type": series.marker,
            "size": series.size,
            "fill": {"color": series.color},
            "border": {"color": series.color},
        }
        made.add_series(
            {
                "name": _name(series.name),
                "categories": _reference(series.x),
                "values": _reference(series.y),
                "line": line,
                "marker": marker if series.markers else {"type": "none"},
                "y2_axis": series.second,
            }
        )
    font = {"name": FONT, "size": CHART_SIZE, "color": INK, "bold": False}
    grid = {"visible": True, "line": {"color": RULE, "width": 0.5}}

    def axis(name: str, *, gridded: bool, form: str = "General") -> dict[str, Any]:
        return {
            "name": name,
            "name_font": font,
            "num_font": font,
            "num_format": FORMATS.get(form, form),
            "line": {"color": FAINT, "width": 0.75},
            "major_gridlines": grid if gridded else {"visible": False},
            "label_position": "low",
        }

    across = axis(chart.x_title, gridded=False, form=chart.x_format)
    if chart.x_min is not None and not chart.categories:
        across["min"] = chart.x_min
    if chart.x_max is not None and not chart.categories:
        across["max"] = chart.x_max
    if chart.x_log:
        across["log_base"] = 10
    made.set_x_axis(across)
    up = axis(chart.y_title, gridded=True, form=chart.y_format)
    up |= {end: limit for end, limit in (("min", chart.y_min), ("max", chart.y_max)) if limit is not None}
    if chart.y_log:
        up |= {"log_base": 10, "minor_gridlines": {"visible": True, "line": {"color": MINOR, "width": 0.5}}}
    made.set_y_axis(up)
    if any(series.second for series in chart.series):
        right = axis(chart.y2_title, gridded=False, form=chart.y_format)
        right["label_position"] = "high"
        made.set_y2_axis(right)
    made.set_title({"name": chart.title, "overlay": False, "name_font": {**font, "size": 12, "bold": True}})
    faint = [i for i, series in enumerate(chart.series) if series.faint]
    made.set_legend({"position": chart.legend, "font": font, "delete_series": faint})
    made.set_chartarea({"border": {"color": RULE}, "fill": {"color": "#FFFFFF"}})
    made.show_hidden_data()
    made.set_size({"width": chart.width, "height": chart.height})
    return made
