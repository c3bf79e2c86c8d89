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

// Handler returns the whole application, with a budget for each client.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	limit := a.clientBudget()
	a.generateRoutes(mux, limit)
	a.resetRoutes(mux, limit)
	a.pageRoutes(mux, limit)
	a.route(mux, "/healthz", methods{"GET": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) }})
	if a.Mailbox != nil {
		a.route(mux, "/mailbox", methods{"GET": a.Mailbox.ServeHTTP})
	}
	return a.wrap(mux)
}

// Generate returns the part of the API that sends codes, for a function behind a gateway, whose throttle it relies on.
func (a *App) Generate() http.Handler {
	mux := http.NewServeMux()
	a.generateRoutes(mux, noBudget)
	return a.wrap(mux)
}

// Reset returns the part of the API that takes codes and passwords, for a function behind a gateway.
func (a *App) Reset() http.Handler {
	mux := http.NewServeMux()
	a.resetRoutes(mux, noBudget)
	return a.wrap(mux)
}

func (a *App) generateRoutes(mux *http.ServeMux, limit budget) {
	a.route(mux, "/generate-otp", methods{"POST": limit(a.postGenerate)})
	// HEAD is not answered, since a GET sends a mail here.
	a.route(mux, "/generate-otp/{email}", methods{"GET": limit(a.getGenerate), "HEAD": nil})
}

func (a *App) resetRoutes(mux *http.ServeMux, limit budget) {
	a.route(mux, "/reset", methods{"POST": limit(a.postReset)})
	a.route(mux, "/reset-password", methods{"POST": limit(a.postReset)})
	a.route(mux, "/login", methods{"POST": limit(a.postLogin)})
}

func (a *App) pageRoutes(mux *http.ServeMux, limit budget) {
	a.route(mux, "/{$}", methods{"GET": a.showAsk})
	a.route(mux, "/forgot", methods{"GET": a.showAsk, "POST": limit(a.submitAsk)})
	a.route(mux, "/code", methods{"GET": a.showCode, "POST": limit(a.submitCode)})
	a.route(mux, "/done", methods{"GET": a.showDone})
	a.route(mux, "/sign-in", methods{"GET": a.showSignIn, "POST": limit(a.submitSignIn)})
	files := http.FileServerFS(static)
	a.route(mux, "/static/{file}", methods{"GET": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		files.ServeHTTP(w, r)
	}})
}

// methods are the handlers of one path. GET answers HEAD too, unless that is there as nil.
type methods map[string]http.HandlerFunc

// route registers the handlers, and for all other methods the answer that lists those.
func (a *App) route(mux *http.ServeMux, path string, handlers methods) {
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
		a.fail(w, r, http.StatusMethodNotAllowed, "This takes "+allow+" only.")
	}
	mux.HandleFunc(path, wrongMethod)
	for method, handler := range handlers {
		if handler == nil {
			handler = wrongMethod
		}
		mux.HandleFunc(method+" "+path, handler)
	}
}
