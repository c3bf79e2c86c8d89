package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// publish writes the tree at HEAD of the repository to tree, requires the version everywhere, and
// makes proxy a module proxy (https://go.dev/ref/mod#goproxy-protocol) that serves the version of
// each published module.
func publish(repository, tree, proxy, version string) ([]module, error) {
	if err := os.Mkdir(tree, 0o755); err != nil {
		return nil, err
	}

	archive := tree + ".tar"
	if _, err := git(repository, "archive", "--output="+archive, "HEAD"); err != nil {
		return nil, err
	}
	if out, err := exec.Command("tar", "-xf", archive, "-C", tree).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("tar: %w: %s", err, out)
	}

	if err := requireVersion(tree, version); err != nil {
		return nil, err
	}

	modules, err := modulesIn(tree)
	if err != nil {
		return nil, err
	}

	var published []module
	for _, m := range modules {
		if !m.published() {
			continue
		}
		if err := serve(proxy, filepath.Join(tree, m.dir), m, version); err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		published = append(published, m)
	}
	return published, nil
}

// serve adds the files of one version of a module to the proxy.
func serve(proxy, source string, m module, version string) (err error) {
	dir := filepath.Join(proxy, m.path, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}

	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}

	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC()})
	if err != nil {
		return err
	}

	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": info,
		version + ".mod":  mod,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}

	out, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
	}()
	return zip.CreateFromDir(out, gomodule.Version{Path: m.path, Version: version}, source)
}

// proxyEnv returns the environment in which go takes the modules of this repository from the proxy,
// and all others from the machine's cache or from where it would without. The cache is one of its
// own: what the proxy serves must not stay in the cache of the machine.
func proxyEnv(proxy, cache string) ([]string, error) {
	out, err := exec.Command("go", "env", "-json", "GOPROXY", "GONOSUMDB", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}

	var env struct{ GOPROXY, GONOSUMDB, GOMODCACHE string }
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}

	downloaded := filepath.Join(env.GOMODCACHE, "cache", "download")
	return []string{
		"GOPROXY=file://" + proxy + ",file://" + downloaded + "," + env.GOPROXY,
		"GONOSUMDB=" + strings.Trim(rootPath+","+env.GONOSUMDB, ","),
		"GOMODCACHE=" + cache,
		"GOFLAGS=-mod=mod -modcacherw",
		"GOWORK=off",
	}, nil
}
