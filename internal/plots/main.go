// Plots draws the plots of the documentation: from Policy.GuessProbability, and from the tables of
// the pages that they stand on, which tests hold to what is true.
//
//	go -C internal/plots run . ../../docs
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: plots DOCS")
	}
	if err := draw(os.Args[1]); err != nil {
		log.Fatal("plots: ", err)
	}
}

// draw reads the pages in a folder, and writes the pictures below it.
func draw(docs string) error {
	security, err := os.ReadFile(filepath.Join(docs, "security.md"))
	if err != nil {
		return err
	}
	performance, err := os.ReadFile(filepath.Join(docs, "performance.md"))
	if err != nil {
		return err
	}

	for name, plotted := range map[string]func() (*plot.Plot, error){
		"guess": guess,
		"siege": func() (*plot.Plot, error) { return siege(string(security)) },
		"cost":  func() (*plot.Plot, error) { return cost(string(performance)) },
	} {
		p, err := plotted()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.Title.TextStyle.Font.Size, p.Title.Padding = 13, 8
		file := filepath.Join(docs, "images", name+".png")
		if err := p.Save(18*vg.Centimeter, 10*vg.Centimeter, file); err != nil {
			return err
		}
	}
	return nil
}
