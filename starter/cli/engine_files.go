package cli

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

const (
	// fileLimit is far above any file of a configuration; what is larger is left out.
	fileLimit = 1 << 20
	// linkLimit ends a circle of links.
	linkLimit = 8
)

// tree returns the text files in and below a folder of a container, whatever its state, by their path in
// it, and a single file where the path names one. What is mounted there is read, too.
func (e *engine) tree(ctx context.Context, id, folder string) (map[string]string, error) {
	if e.fault != nil {
		return nil, e.fault
	}
	address := e.base + "/containers/" + url.PathEscape(id) + "/archive?path=" + url.QueryEscape(folder)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	body, err := open(e.client, request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	files, links := map[string]string{}, map[string]string{}
	archive := tar.NewReader(io.LimitReader(body, answerLimit))
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		// The names in the archive begin with the last part of the path.
		name := path.Join(path.Dir(folder), head.Name)
		switch {
		case head.Typeflag == tar.TypeSymlink:
			links[name] = head.Linkname
			if !path.IsAbs(head.Linkname) {
				links[name] = path.Join(path.Dir(name), head.Linkname)
			}
		case head.Typeflag == tar.TypeReg && head.Size <= fileLimit:
			text, err := io.ReadAll(archive)
			if err != nil {
				return nil, err
			}
			files[name] = string(text)
		}
	}
	for name, target := range links {
		for range linkLimit {
			if text, ok := files[target]; ok {
				files[name] = text
			}
			target = links[target]
		}
	}
	return files, nil
}

// files answers what an nginx configuration in a container asks for, each folder read once.
func (e *engine) files(ctx context.Context, id string) func(pattern string) []nginxconf.File {
	read := map[string]map[string]string{}
	return func(pattern string) []nginxconf.File {
		folder, _, _ := strings.Cut(pattern, "*")
		if folder = path.Dir(folder); folder == "/" {
			return nil // the whole of a container is nobody's configuration
		}
		files, ok := nearest(read, folder)
		if !ok {
			files, _ = e.tree(ctx, id, folder) // one that is not there holds none
			read[folder] = files
		}
		var found []nginxconf.File
		for name, text := range files {
			if ok, _ := path.Match(pattern, name); ok {
				found = append(found, nginxconf.File{Path: name, Text: text})
			}
		}
		slices.SortFunc(found, func(a, b nginxconf.File) int { return strings.Compare(a.Path, b.Path) })
		return found
	}
}

// nearest returns what was read of a folder or of one above it.
func nearest(read map[string]map[string]string, folder string) (map[string]string, bool) {
	for ; folder != "/" && folder != "."; folder = path.Dir(folder) {
		if files, ok := read[folder]; ok {
			return files, true
		}
	}
	return nil, false
}
