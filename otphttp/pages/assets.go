package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed files languages
var builtIn embed.FS

// templateNames are the templates that are laid into layout.html.
var templateNames = []string{"ask", "code", "done", "message"}

// own returns the file of Options.Files, or an error that matches fs.ErrNotExist.
func (p *Pages) own(name string) ([]byte, error) {
	if p.options.Files == nil {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(p.options.Files, name)
}

// file returns the file of Options.Files, or else that of this package.
func (p *Pages) file(name string) ([]byte, error) {
	content, err := p.own(name)
	if errors.Is(err, fs.ErrNotExist) {
		return builtIn.ReadFile("files/" + name)
	}
	return content, err
}

func (p *Pages) loadTemplates() error {
	layout, err := p.file("layout.html")
	if err != nil {
		return fmt.Errorf("Options.Files: %w", err)
	}

	p.templates = make(map[string]*template.Template)
	for _, name := range templateNames {
		content, err := p.file(name + ".html")
		if err != nil {
			return fmt.Errorf("Options.Files: %w", err)
		}

		t, err := template.New("layout.html").Parse(string(layout))
		if err == nil {
			t, err = t.New(name + ".html").Parse(string(content))
		}
		if err != nil {
			return fmt.Errorf("Options.Files: %w", err)
		}
		p.templates[name] = t.Lookup("layout.html")
	}
	return nil
}

// An asset is a file that pages refer to, by a URL that changes with its content.
type asset struct {
	content []byte
	url     string
}

func (p *Pages) loadAssets() error {
	p.assets = make(map[string]asset)
	for _, name := range []string{"style.css", "script.js"} {
		content, err := p.file(name)
		if err != nil {
			return fmt.Errorf("Options.Files: %w", err)
		}

		hash := sha256.Sum256(content)
		version := hex.EncodeToString(hash[:4])
		p.assets[name] = asset{content, p.options.Path + name + "?v=" + version}
	}
	return nil
}

func (p *Pages) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")

	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(p.assets[name].content))
}
