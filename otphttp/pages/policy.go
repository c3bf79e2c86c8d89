package pages

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// source is the form of an origin in a Content-Security-Policy: https, a host, whose first label
// may be an asterisk, perhaps a port and a path.
var source = regexp.MustCompile(
	`^https://(\*\.)?[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*(:[0-9]{1,5})?(/[0-9A-Za-z._~/-]*)?$`)

// checkURLs refuses what is no URL, such as one with a scheme that runs a script.
func checkURLs(o *Options) error {
	urls := map[string]string{"SignInURL": o.SignInURL, "SupportURL": o.SupportURL}
	for i, link := range o.Links {
		urls[fmt.Sprintf("Links[%d].URL", i)] = link.URL
	}
	for name, text := range urls {
		u, err := url.Parse(text)
		if err != nil ||
			!strings.Contains(" http https mailto ", " "+u.Scheme+" ") && u.Scheme != "" {
			return fmt.Errorf("%s is %q: it must be a path or a URL with http, https "+
				"or mailto", "Options."+name, text)
		}
	}

	for i, origin := range o.ChallengeSources {
		if !source.MatchString(origin) {
			return fmt.Errorf(`Options.ChallengeSources[%d] is %q: it must be an origin such as `+
				`"https://challenges.example.com", perhaps with a path`, i, origin)
		}
	}
	return checkNext(o.Next)
}

// checkNext refuses what no browser would go to from a form: a path without its slash, a host
// without its scheme. A scheme with a dot is one that an app has to itself (RFC 8252 §7.1).
func checkNext(next string) error {
	if isPath(next) {
		return nil
	}

	u, err := url.Parse(next)
	web := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	app := err == nil && strings.Contains(u.Scheme, ".")
	if web || app {
		return nil
	}
	return fmt.Errorf(`Options.Next is %q: it must be a path that begins with one "/", a URL with `+
		"http or https, or one with the scheme of an app, such as com.example.app", next)
}

// contentSecurityPolicy allows what the pages have, and nothing else. form-action names where Next
// is, because browsers apply it to redirects, too.
func contentSecurityPolicy(o *Options) string {
	next := ""
	if u, err := url.Parse(o.Next); err == nil && u.Host != "" && !strings.Contains(u.Scheme, ".") {
		next = " " + u.Scheme + "://" + u.Host
	} else if err == nil && u.Scheme != "" {
		next = " " + u.Scheme + ":"
	}

	sources, frames := "", ""
	for _, origin := range o.ChallengeSources {
		sources += " " + origin
	}
	if sources != "" {
		frames = " frame-src" + sources + ";"
	}
	return "default-src 'none'; style-src 'self'" + sources + "; script-src 'self'" + sources +
		";" + frames + " img-src 'self' data:; connect-src 'self'" + sources +
		"; form-action 'self'" + next + "; base-uri 'none'; frame-ancestors 'none'"
}
