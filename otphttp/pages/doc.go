// Package pages shows the pages of an [otphttp.Flow]: asking for a code, entering it, and being
// done. What they say depends on the Kind of its Service.
//
//	signIn, err := pages.New(flow, pages.Options{
//		Product: "Acme",
//		Path:    "/sign-in/",
//		Next:    "/account",
//	})
//
//	mux.Handle("/sign-in/", signIn)
//
// The pages are in the language of the browser: Arabic, Chinese (simplified and traditional),
// Dutch, English, French, German, Hebrew, Italian, Japanese, Polish, Portuguese or Spanish. They
// meet WCAG 2.2 AA, adapt to dark and narrow screens, weigh less than 15 KiB with style and script,
// and load nothing from elsewhere. Everything works without JavaScript; with it, buttons show that
// a request is under way, times count down, passwords can be shown, and a code is taken out of a
// pasted sentence.
//
// # Paths
//
// A handler serves these paths below Options.Path:
//
//	GET, POST .          asks for the address and sends the code
//	GET, POST code       takes the code, and the password where one is reset
//	GET       done       says what was done
//	GET       style.css, script.js
//
// Links and redirects are relative, so the pages work below a prefix that a proxy or
// http.StripPrefix takes off. The query parameter "next" says where the person goes in the end, by
// a path of the same host: /sign-in/?next=/orders/7.
//
// Every form ends in a redirect, so that a reload repeats nothing. Register the handler for
// "/.well-known/change-password" too where a password is reset: it leads browsers and password
// managers to Options.Path.
//
// # Link in the message
//
// A message may have a link beside the code: the address of the page for the code, followed by
// "#c=" and the code. What follows "#" reaches no server and no log. The page fills the code in,
// and the person sends it by a click. In another browser the page shows the code instead, to be
// typed where it was asked for. Programs that follow links in mails spend nothing.
//
// # What is not done
//
// The pages have no rule for good passwords but a length: Config.Accept of the Flow decides. They
// set no Strict-Transport-Security, which is the server's.
package pages
