#!/usr/bin/env python3
"""Draws requests per second and the 99th percentile over time, with the restarts marked, as an SVG.

    deploy/plot.py points.csv marks title >picture.svg

Only the standard library. `points.csv` comes from the program `load`, and a line of `marks` is a time and a text.
"""

import html
import math
import sys

WIDTH, LEFT, RIGHT = 960, 70, 20
PANEL, GAP, TOP = 190, 44, 72
SPAN = WIDTH - LEFT - RIGHT
INK, GRID, RATE, LATE, FAIL, MARK = "#333", "#ddd", "#1f6feb", "#b35900", "#c00", "#999"
# Points of the CSV that one point of the picture stands for.
POINTS_A_STEP = 2


def read_points(path):
    began, rows = 0.0, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("# began"):
                began = float(line.split()[2])
            elif line[0].isdigit():
                rows.append([float(cell) for cell in line.split(",")])
    return began, rows


def read_marks(path, began):
    with open(path, encoding="utf-8") as lines:
        pairs = (line.strip().split(" ", 1) for line in lines if line.strip())
        return [(float(time) - began, text) for time, text in pairs]


def thin(rows):
    """Returns (seconds, requests a second, failed, p99 in ms) for steps of the picture."""
    width = rows[1][0] - rows[0][0] if len(rows) > 1 else 0.1
    first, last = round(rows[0][0] / width), round(rows[-1][0] / width)
    by_step = {round(row[0] / width): row for row in rows}
    steps = []
    for start in range(first, last + 1, POINTS_A_STEP):
        # A step without any request is a step with none per second.
        here = [by_step.get(start + at, [0, 0, 0, 0, 0]) for at in range(POINTS_A_STEP)]
        rate = sum(row[1] for row in here) / (width * POINTS_A_STEP)
        steps.append((start * width, rate, sum(row[2] for row in here), max(row[4] for row in here) / 1000))
    return steps[:-1] or steps


def round_up(value):
    power = 10 ** math.floor(math.log10(max(value, 1)))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value)


def polyline(points, colour):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def label(x, y, text, anchor="start", colour=INK, size=12):
    text = html.escape(text)
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{text}</text>'


def panel(top, title, ticks, place):
    out = [label(LEFT, top - 8, title)]
    for value, text in ticks:
        y = place(value)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        out.append(label(LEFT - 8, y + 4, text, "end"))
    return out


def main():
    points, marks, title = sys.argv[1:4]
    began, rows = read_points(points)
    marks, steps = read_marks(marks, began), thin(rows)
    requests, failed = int(sum(row[1] for row in rows)), int(sum(row[2] for row in rows))
    end = max(steps[-1][0], 1)
    across = lambda seconds: LEFT + SPAN * seconds / end
    second_top = TOP + PANEL + GAP

    most = round_up(max(rate for _, rate, _, _ in steps))
    rate_at = lambda rate: TOP + PANEL * (1 - rate / most)
    highest = math.ceil(math.log10(max(max(late for *_, late in steps), 10)))
    lowest = -1
    late_at = lambda ms: second_top + PANEL * (1 - (math.log10(max(ms, 0.1)) - lowest) / (highest - lowest))

    out = [label(LEFT, 20, title, size=15), label(LEFT, 38, f"{requests:,} requests, {failed:,} failed", size=13)]
    out += panel(TOP, "requests per second", [(most * part / 4, f"{most * part / 4:,.0f}") for part in range(5)], rate_at)
    ticks = [(10**power, f"{10**power:g} ms") for power in range(lowest, highest + 1)]
    out += panel(second_top, "99th percentile of the time for a response (logarithmic)", ticks, late_at)
    bottom = second_top + PANEL
    for number, (seconds, text) in enumerate(marks):
        x = across(seconds)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="{MARK}" stroke-dasharray="3 3"/>')
        # Two rows, so that neighbours do not cover each other.
        out.append(label(x + 3, TOP + 12 + 13 * (number % 2), text, colour="#555", size=11))
    out.append(polyline([(across(at), rate_at(rate)) for at, rate, _, _ in steps], RATE))
    out.append(polyline([(across(at), late_at(late)) for at, _, _, late in steps], LATE))
    for at, rate, lost, _ in steps:
        if lost:
            out.append(f'<circle cx="{across(at):.1f}" cy="{rate_at(rate):.1f}" r="4" fill="{FAIL}"/>')
    step = max(1, round_up(end / 10))
    for seconds in range(0, int(end) + 1, step):
        out.append(label(across(seconds), bottom + 18, f"{seconds} s", "middle"))
    height = bottom + 30
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">')
    print(f'<rect width="{WIDTH}" height="{height}" fill="white"/>')
    print("\n".join(out))
    print("</svg>")


main()
