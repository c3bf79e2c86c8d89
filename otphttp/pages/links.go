package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Links and redirects are relative, so that a prefix that a proxy takes off the paths of requests,
// or http.StripPrefix, does no harm: a browser adds them to the path that it knows.

// nextField is the query parameter that says where the person goes when all is done.
const nextField = "next"

// linkCode is the form of the code in a link, as script.js takes it.
var linkCode = regexp.MustCompile(`^[0-9A-Za-z]{5,14}$`)

// maxNext bounds the path in the query, in bytes.
const maxNext = 1024

// redirect leads to a target that is relative to the request.
func redirect(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}

// leadTo redirects to a page.
func (p *Pages) leadTo(w http.ResponseWriter, r *http.Request, name string) {
	redirect(w, p.link(r, name))
}

// link returns the way from the page of the request to another one, or to an asset. A page keeps
// where the person goes then.
func (p *Pages) link(r *http.Request, name string) string {
	return withNext(r, p.base(r)+name)
}

// withNext adds where the person goes then to a link on this host.
func withNext(r *http.Request, link string) string {
	next := nextOf(r)
	if next == "" || !strings.HasPrefix(link, "./") || strings.ContainsAny(link, "?#") {
		return link
	}
	return withQuery(link, nextField, next)
}

func withQuery(link, name, value string) string {
	separator := "?"
	if strings.Contains(link, "?") {
		separator = "&"
	}
	return link + separator + url.Values{name: {value}}.Encode()
}

// base returns the way from the page of the request to Options.Path.
func (p *Pages) base(r *http.Request) string {
	root := (&url.URL{Path: p.options.Path}).EscapedPath()
	path := r.URL.EscapedPath()

	if rest, below := strings.CutPrefix(path, root); below {
		return climb("/" + rest)
	}
	return climb(path) + root[1:]
}

// climb returns the way from a path up to the root.
func climb(path string) string {
	return "./" + strings.Repeat("../", strings.Count(path, "/")-1)
}

// local returns the way from the page of the request to a URL: relative for a path of this host.
// Such a path is one that the server is asked for, before anything takes a prefix off.
func local(r *http.Request, target string) string {
	if !strings.HasPrefix(target, "/") {
		return target
	}

	asked, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		asked = r.URL
	}
	return climb(asked.EscapedPath()) + target[1:]
}

// onward returns where the person goes when all is done.
func (p *Pages) onward(r *http.Request) string {
	if next := nextOf(r); next != "" {
		return local(r, next)
	}
	return local(r, p.options.Next)
}

// nextOf returns the path in the query of the request, or nothing if it is none of this host: it
// comes from a link that anybody may have made.
func nextOf(r *http.Request) string {
	next := r.URL.Query().Get(nextField)
	if !isPath(next) {
		return ""
	}
	return next
}

// isPath reports whether text is a path of this host, with a query perhaps, for every browser: some
// take a backslash for a slash, and leave control characters out.
func isPath(text string) bool {
	unsafe := func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }

	u, err := url.Parse(text)
	return err == nil && len(text) <= maxNext && strings.HasPrefix(text, "/") &&
		!strings.HasPrefix(text, "//") && !strings.ContainsFunc(text, unsafe) &&
		u.Scheme == "" && u.Host == "" && u.User == nil
}
