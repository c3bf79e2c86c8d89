// Package repo has no code, only tests that check the repository as a whole: that the code in its
// documentation is compiled, that the tests it names are there, and what programs that import the
// library link with it.
package repo
