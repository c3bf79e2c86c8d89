package main

import (
	"os"
	"testing"
)

func TestThePictureIsUpToDate(t *testing.T) {
	picture, err := os.ReadFile("../../docs/images/odds.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(picture) != draw() {
		t.Error("docs/images/odds.svg is not what this program draws: make odds")
	}
}
