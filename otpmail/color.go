package otpmail

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	defaultColor = "#1a56db"

	lightPage, darkPage = "#ffffff", "#16181d"
	white, black        = "#ffffff", "#000000"
	grayEdge            = "#7a808b" // stands out from both pages
)

// A palette holds the colors of a button.
type palette struct {
	fill                string
	ink                 string // of the text on fill
	lightEdge, darkEdge string // of the border, on either page
}

// newPalette returns the palette of a brand color, "#rrggbb".
func newPalette(brand string) (palette, error) {
	hex, found := strings.CutPrefix(brand, "#")
	if !found || len(hex) != 6 || strings.Trim(hex, digits+"abcdefABCDEF") != "" {
		return palette{}, fmt.Errorf("it must be # and 6 hexadecimal digits, such as %s",
			defaultColor)
	}

	// WCAG 2.2 §1.4.3 (AA) wants 4.5:1 for text. White or black reaches it on every color.
	ink := white
	if contrast(brand, white) < 4.5 {
		ink = black
	}
	return palette{brand, ink, edge(brand, lightPage), edge(brand, darkPage)}, nil
}

// edge returns the color of the border of a button on a page: that of the button where it stands
// out by the 3:1 of WCAG 2.2 §1.4.11, else a gray that does.
func edge(brand, page string) string {
	if contrast(brand, page) < 3 {
		return grayEdge
	}
	return brand
}

// contrast returns the contrast ratio of WCAG 2.2 of two colors: 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance returns the relative luminance of WCAG 2.2: 0 for black to 1 for white.
func luminance(color string) float64 {
	rgb, _ := strconv.ParseUint(color[1:], 16, 32) // every color here is hexadecimal
	linear := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}
