package web

import (
	"embed"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed static
var static embed.FS

// Handler returns the whole application, with pages. It panics if a template of a page does not parse.
func (a *App) Handler() http.Handler {
	s := newSite(a)
	rt := newRouter(a, s.fail)
	rt.generate()
	rt.reset()
	rt.pages(s)
	rt.route("/healthz", methods{"GET": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) }})
	if a.Mailbox != nil {
		rt.route("/mailbox", methods{"GET": a.Mailbox.ServeHTTP})
	}
	return rt.handler()
}

// Generate returns the part of the API that sends codes, for a function behind a gateway.
func (a *App) Generate() http.Handler {
	rt := newRouter(a, problem)
	rt.generate()
	return rt.handler()
}

// Reset returns the part of the API that takes codes and passwords, for a function behind a gateway.
func (a *App) Reset() http.Handler {
	rt := newRouter(a, problem)
	rt.reset()
	return rt.handler()
}

// A router holds routes of the application. It answers by fail what has none.
type router struct {
	app  *App
	mux  *http.ServeMux
	fail failure
}

func newRouter(a *App, fail failure) *router { return &router{a, http.NewServeMux(), fail} }

func (rt *router) generate() {
	rt.route("/generate-otp", methods{"POST": rt.bounded(rt.app.postGenerate)})
	// HEAD is not answered, since a GET sends a mail here.
	rt.route("/generate-otp/{email}", methods{"GET": rt.bounded(rt.app.getGenerate), "HEAD": nil})
}

func (rt *router) reset() {
	rt.route("/reset", methods{"POST": rt.bounded(rt.app.postReset)})
	rt.route("/reset-password", methods{"POST": rt.bounded(rt.app.postReset)})
	rt.route("/login", methods{"POST": rt.bounded(rt.app.postLogin)})
}

func (rt *router) pages(s *site) {
	rt.route("/{$}", methods{"GET": s.showAsk})
	rt.route("/forgot", methods{"GET": s.showAsk, "POST": rt.bounded(s.submitAsk)})
	rt.route("/code", methods{"GET": s.showCode, "POST": rt.bounded(s.submitCode)})
	rt.route("/done", methods{"GET": s.showDone})
	rt.route("/sign-in", methods{"GET": s.showSignIn, "POST": rt.bounded(s.submitSignIn)})
	files := http.FileServerFS(static)
	rt.route("/static/{file}", methods{"GET": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		files.ServeHTTP(w, r)
	}})
}

// methods are the handlers of one path. GET answers HEAD too, unless that is there as nil.
type methods map[string]http.HandlerFunc

// route registers the handlers, and for all other methods the answer that lists those.
func (rt *router) route(path string, handlers methods) {
	if _, answered := handlers["HEAD"]; !answered && handlers["GET"] != nil {
		handlers["HEAD"] = handlers["GET"]
	}
	var allowed []string
	for _, method := range slices.Sorted(maps.Keys(handlers)) {
		if handlers[method] != nil {
			allowed = append(allowed, method)
		}
	}
	allow := strings.Join(allowed, ", ")
	wrongMethod := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		rt.fail(w, r, http.StatusMethodNotAllowed, "This takes "+allow+" only.")
	}
	rt.mux.HandleFunc(path, wrongMethod)
	for method, handler := range handlers {
		if handler == nil {
			handler = wrongMethod
		}
		rt.mux.HandleFunc(method+" "+path, handler)
	}
}
