package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed files languages
var builtIn embed.FS

// checkFiles refuses files that no page has: a name with a typing error, say.
func (p *Pages) checkFiles() error {
	if p.options.Files == nil {
		return nil
	}
	return fs.WalkDir(p.options.Files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("Options.Files: %s: %w", name, err)
		case !d.IsDir() && !isBuiltIn(name):
			return fmt.Errorf("Options.Files: %s: the pages have no such file", name)
		}
		return nil
	})
}

// isBuiltIn reports whether this package has a file that one of Options.Files can replace.
func isBuiltIn(name string) bool {
	if !strings.HasPrefix(name, "languages/") {
		name = "files/" + name
	}
	info, err := fs.Stat(builtIn, name)
	return err == nil && !info.IsDir()
}

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
	if err != nil {
		return nil, fmt.Errorf("Options.Files: %s: %w", name, err)
	}
	return content, nil
}

// An asset is a file that pages refer to, by a URL below Options.Path that changes with its
// content.
type asset struct {
	content []byte
	url     string
}

func (p *Pages) loadAssets() error {
	p.assets = make(map[string]asset)
	for _, name := range []string{"style.css", "script.js"} {
		content, err := p.file(name)
		if err != nil {
			return err
		}

		hash := sha256.Sum256(content)
		p.assets[name] = asset{content, name + "?v=" + hex.EncodeToString(hash[:4])}
	}
	return nil
}

func (p *Pages) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")

	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(p.assets[name].content))
}
