package main

import (
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
	fmt.Fprintf(w, "| %d records | Bytes each | Log of a Send, a Verify | Pages of a Load | "+
		"A pair at 10,000, p50 / p99 | at all | Purge under load | A pair meanwhile | "+
		"After %d days |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n", *records, *days)
	for _, f := range all {
		fmt.Fprintf(w, "| %s | %.0f | %.0f, %.0f B | %.1f | %v | %v | %d rows, %.1f s | %v | "+
			"%.0f MB |\n", f.name, f.bytes, f.send, f.verify, f.pages, f.small, f.large, f.purged,
			f.purging.Seconds(), f.duringPurge, f.growth[len(f.growth)-1])
	}
	for _, f := range all {
		if f.before != nil {
			fmt.Fprintf(w, "\n%s grows to %.2f of what it took by the statements of 6eced80 (bound: "+
				"%.0f).\n", f.name, f.ratio(), maxGrowth)
		}
	}
}

// maxGrowth bounds the size after all days, as a share of that by the statements of 6eced80.
const maxGrowth = 1.0

func (f figures) ratio() float64 { return f.growth[len(f.growth)-1] / f.before[len(f.before)-1] }

// draw draws growth and write volume.
func draw(folder string, all []figures) error {
	growth := plot.New()
	growth.Title.Text = fmt.Sprintf("%d codes a day, purged each hour", *perDay)
	growth.X.Label.Text, growth.Y.Label.Text = "hours", "MB with indexes"
	growth.Y.Min = 0
	growth.Legend.XOffs = -vg.Centimeter / 2
	for i, f := range all {
		line := make(plotter.XYs, len(f.growth))
		for hour, size := range f.growth {
			line[hour].X, line[hour].Y = float64(hour), size
		}
		l, err := plotter.NewLine(line)
		if err != nil {
			return err
		}
		l.Color, l.Dashes = plotutil.Color(i), plotutil.Dashes(i)
		growth.Add(l)
		growth.Legend.Add(f.name, l)
	}
	const width, height = 16 * vg.Centimeter, 9 * vg.Centimeter
	if err := growth.Save(width, height, filepath.Join(folder, "scale-growth.png")); err != nil {
		return err
	}

	writes := plot.New()
	writes.Title.Text = "What a code writes to the log"
	writes.Y.Label.Text = "bytes"
	var names []string
	var send, verify plotter.Values
	for _, f := range all {
		if f.send > 0 {
			names = append(names, f.name)
			send, verify = append(send, f.send), append(verify, f.verify)
		}
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
	writes.Add(below, above)
	writes.Legend.Add("Send", below)
	writes.Legend.Add("Verify", above)
	writes.Legend.Top, writes.Legend.Left = true, true
	writes.X.Padding, writes.Y.Max = vg.Centimeter, 1.3*writes.Y.Max
	writes.X.Min, writes.X.Max = -0.5, float64(len(names))-0.5
	writes.NominalX(names...)
	return writes.Save(width, height, filepath.Join(folder, "scale-writes.png"))
}
