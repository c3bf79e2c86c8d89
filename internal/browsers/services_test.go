package browsers

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/seed-5978b5f1/otp/examples/recipes"
)

// A service stands in for one that shows challenges: it loads from where its documents say that it
// does, and has the field and the error of a used answer that they name.
type service struct {
	recipes.Challenge `json:"-"`
	Field, Class      string
	Widget            string // the script that shows the challenge, where Script only loads it
	Frame             string // what shows the challenge
	Asks, Style       string // what the script asks, and a style that it brings, if it does
	spent             string
}

var known = map[string]service{
	"turnstile": {
		Challenge: recipes.Turnstile,
		Frame:     "https://challenges.cloudflare.com/cdn-cgi/challenge-platform/turnstile",
		spent:     "timeout-or-duplicate",
	},
	"hcaptcha": {
		Challenge: recipes.HCaptcha,
		Frame:     "https://newassets.hcaptcha.com/captcha/v1/0/static/hcaptcha.html",
		Asks:      "https://api.hcaptcha.com/checksiteconfig",
		Style:     "https://newassets.hcaptcha.com/captcha/v1/0/style.css",
		spent:     "already-seen-response",
	},
	"recaptcha": {
		Challenge: recipes.ReCAPTCHA,
		Widget:    "https://www.gstatic.com/recaptcha/releases/0/recaptcha__en.js",
		Frame:     "https://www.google.com/recaptcha/api2/anchor",
		spent:     "timeout-or-duplicate",
	},
}

// widget is the script of a service. Its challenge solves itself.
const widget = `(({Widget, Frame, Asks, Style, Field, Class}) => {
	const add = (parent, name, properties) =>
		parent.append(Object.assign(document.createElement(name), properties));
	if (Widget && document.currentScript.src !== Widget) {
		add(document.head, "script", {src: Widget});
		return;
	}
	if (Style) {
		add(document.head, "link", {rel: "stylesheet", href: Style});
	}

	const place = document.querySelector("." + Class);
	add(place, "textarea", {name: Field, hidden: true});
	addEventListener("message", ({origin, data}) => {
		if (origin === new URL(Frame).origin) {
			place.querySelector("textarea").value = data;
		}
	});
	const show = () => add(place, "iframe", {src: Frame, title: "Challenge"});
	Asks ? fetch(Asks, {method: "POST"}).then(show) : show();
})(%s);`

// services are all services, behind a proxy that leads browsers to them under their own names.
type services struct {
	proxy, judge, servers *httptest.Server

	mu      sync.Mutex
	mood    string // "works", "lies" (no answer counts) or "down"
	answers []string
}

func newServices(t *testing.T) *services {
	s := &services{}
	s.proxy = httptest.NewServer(http.HandlerFunc(s.connect))
	s.judge = httptest.NewServer(http.HandlerFunc(s.serveVerdict))
	s.servers = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.proxy.Close)
	t.Cleanup(s.judge.Close)
	t.Cleanup(s.servers.Close)
	return s
}

// challenges are the services as the recipe has them.
func (s *services) challenges() map[string]recipes.Challenge {
	all := make(map[string]recipes.Challenge)
	for name, service := range known {
		c := service.Challenge
		c.SiteKey, c.Secret, c.Host = "key", "secret", "localhost"
		c.Verify = s.judge.URL + "/" + name
		all[name] = c
	}
	return all
}

// serveMood changes what the services do.
func (s *services) serveMood(_ http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = r.URL.RawQuery
}

func (s *services) is(mood string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mood == mood
}

// connect leads to the services, and nowhere else.
func (s *services) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || s.is("down") {
		http.Error(w, "nothing there", http.StatusBadGateway)
		return
	}

	service, err := net.Dial("tcp", s.servers.Listener.Addr().String())
	if err != nil {
		http.Error(w, "nothing there", http.StatusBadGateway)
		return
	}
	defer service.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()

	fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
	go io.Copy(service, client)
	io.Copy(client, service)
}

// serve answers under the names of the services.
func (s *services) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")

	for _, service := range known {
		switch "https://" + r.Host + r.URL.Path {
		case service.Script, service.Widget:
			service.Field, service.Class = service.Challenge.Field, service.Challenge.Class
			parameters, _ := json.Marshal(service)
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, widget, parameters)
		case service.Frame:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!DOCTYPE html><script>parent.postMessage(%q, "*")</script>Solved`,
				s.answer())
		case service.Style:
			w.Header().Set("Content-Type", "text/css")
		case service.Asks:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"pass":true}`)
		}
	}
}

// answer returns the answer of a challenge that was solved.
func (s *services) answer() string {
	s.mu.Lock()
	defer s.mu.Unlock()

	answer := rand.Text()
	if s.mood == "works" {
		s.answers = append(s.answers, answer)
	}
	return answer
}

// serveVerdict tells whether an answer is right. Each is, once.
func (s *services) serveVerdict(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()

	i := slices.Index(s.answers, r.PostFormValue("response"))
	if i < 0 || r.PostFormValue("secret") != "secret" {
		fmt.Fprintf(w, `{"success":false,"error-codes":[%q]}`, known[r.URL.Path[1:]].spent)
		return
	}
	s.answers = slices.Delete(s.answers, i, i+1)
	fmt.Fprint(w, `{"success":true,"hostname":"localhost"}`)
}

// reports are what browsers report against the Content-Security-Policy of the pages.
type reports struct {
	mu   sync.Mutex
	said []string
}

func (r *reports) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said
}

// of has browsers report what the policies of a site forbid.
func (r *reports) of(site http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/reports", func(_ http.ResponseWriter, request *http.Request) {
		report, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.said = append(r.said, string(report))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		site.ServeHTTP(reporting{w}, request)
	})
	return mux
}

// A reporting writer names where to report to.
type reporting struct{ http.ResponseWriter }

func (w reporting) WriteHeader(status int) {
	const policy = "Content-Security-Policy"
	if value := w.Header().Get(policy); value != "" {
		w.Header().Set(policy, value+"; report-uri /reports")
	}
	w.ResponseWriter.WriteHeader(status)
}
