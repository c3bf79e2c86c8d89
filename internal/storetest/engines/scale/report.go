package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// report prints a table in Markdown.
func report(w io.Writer, all []figures) {
	fmt.Fprintf(w, "| | Records | Bytes each | Log of a Send, a Verify | Pages of a Load | "+
		"A pair at 10,000, p50 / p99 | at all | Purge, rows a second | A pair meanwhile | "+
		"After %d days |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n", *days)
	for _, f := range all {
		fmt.Fprintf(w, "| %s | %d | %.0f | %.0f, %.0f B | %.1f | %v | %v | %.0f | %v | "+
			"%.0f MB |\n", f.Name, f.Records, f.Bytes, f.Send, f.Verify, f.Pages, f.Small, f.Large,
			float64(f.Purged)/f.Purging.Seconds(), f.DuringPurge, last(f.Growth))
	}
	for _, f := range all {
		if f.Before != nil {
			fmt.Fprintf(w, "\n%s: %.0f MB by the statements of 6eced80, %.2f of that by today's\n",
				f.Name, last(f.Before), f.ratio())
		}
	}
}

func last(series []float64) float64 { return series[len(series)-1] }

// ratio is the size after all days, as a share of that by the statements of 6eced80.
func (f figures) ratio() float64 { return last(f.Growth) / last(f.Before) }

// judge holds the ratio to its bound.
func judge(all []figures) (err error) {
	for _, f := range all {
		if f.Before != nil && f.ratio() > 1 {
			err = errors.Join(err, fmt.Errorf("%s grows to %.2f of what it took by the statements "+
				"of 6eced80", f.Name, f.ratio()))
		}
	}
	return err
}

const width, height = 16 * vg.Centimeter, 9 * vg.Centimeter

// draw draws growth and write volume.
func draw(folder string, all []figures) error {
	return errors.Join(
		drawGrowth(filepath.Join(folder, "scale-growth.png"), all),
		drawWrites(filepath.Join(folder, "scale-writes.png"), all))
}

func drawGrowth(file string, all []figures) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("%d codes a day, purged each hour", *perDay)
	p.X.Label.Text, p.Y.Label.Text = "hours", "MB with indexes"
	p.Y.Min = 0
	p.Legend.XOffs = -vg.Centimeter / 2

	lines := 0
	add := func(name string, sizes []float64) error {
		points := make(plotter.XYs, len(sizes))
		for hour, size := range sizes {
			points[hour].X, points[hour].Y = float64(hour+1), size
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Dashes = plotutil.Color(lines), plotutil.Dashes(lines)
		lines++
		p.Add(line)
		p.Legend.Add(name, line)
		return nil
	}
	for _, f := range all {
		if err := add(f.Name, f.Growth); err != nil {
			return err
		}
		if f.Before == nil {
			continue
		}
		if err := add(f.Name+", 6eced80", f.Before); err != nil {
			return err
		}
	}
	return p.Save(width, height, file)
}

func drawWrites(file string, all []figures) error {
	p := plot.New()
	p.Title.Text = "What a code writes to the log"
	p.Y.Label.Text = "bytes"
	var names []string
	var send, verify plotter.Values
	for _, f := range all {
		names = append(names, f.Name)
		send, verify = append(send, f.Send), append(verify, f.Verify)
	}
	below, err := plotter.NewBarChart(send, vg.Centimeter)
	if err != nil {
		return err
	}
	above, err := plotter.NewBarChart(verify, vg.Centimeter)
	if err != nil {
		return err
	}

	below.Color, above.Color = plotutil.Color(0), plotutil.Color(1)
	above.StackOn(below)
	p.Add(below, above)
	p.Legend.Add("Send", below)
	p.Legend.Add("Verify", above)
	p.Legend.Top, p.Legend.Left = true, true
	p.X.Padding, p.Y.Max = vg.Centimeter, 1.3*p.Y.Max
	p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
	p.NominalX(names...)
	return p.Save(width, height, file)
}
