// Package repo has no code, only tests that check the repository as a whole: that the code in its documentation
// compiles, that links lead somewhere, that the exported API changes on purpose only, that everything exported is
// documented, and what modules that import the library get with it.
package repo
