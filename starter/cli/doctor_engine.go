package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// engine asks the local Docker engine a few questions over plain HTTP. The command line does not link
// Docker's client for that; the worker does.
type engine struct {
	address string
	base    string
	client  *http.Client
	// fault says why the engine cannot be asked at all.
	fault error
}

// newEngine reads the variables that Docker's own client reads. It does not connect.
func newEngine() *engine {
	e := &engine{address: cmp.Or(os.Getenv("DOCKER_HOST"), "unix:///var/run/docker.sock")}
	u, err := url.Parse(e.address)
	if err != nil {
		e.fault = fmt.Errorf("DOCKER_HOST is no address: %w", err)
		return e
	}
	transport := &http.Transport{DisableKeepAlives: true}
	e.client = &http.Client{Transport: transport}
	switch u.Scheme {
	case "unix":
		e.base = "http://docker"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", u.Path)
		}
	case "tcp", "http", "https":
		e.base = "http://" + u.Host
		if certificates := os.Getenv("DOCKER_CERT_PATH"); certificates != "" {
			e.base = "https://" + u.Host
			transport.TLSClientConfig, e.fault = clientTLS(certificates, os.Getenv("DOCKER_TLS_VERIFY") != "")
		}
	default:
		e.fault = fmt.Errorf("DOCKER_HOST is a %s address; evenkeel needs unix or tcp", u.Scheme)
	}
	return e
}

func clientTLS(folder string, verify bool) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	// Without DOCKER_TLS_VERIFY Docker's client does not verify the engine either.
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, InsecureSkipVerify: !verify, MinVersion: tls.VersionTLS12}
	if !verify {
		return settings, nil
	}
	authority, err := textfile.Read(filepath.Join(folder, "ca.pem"), fileLimit)
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	settings.RootCAs = x509.NewCertPool()
	if !settings.RootCAs.AppendCertsFromPEM(authority) {
		return nil, errors.New("DOCKER_CERT_PATH: ca.pem holds no certificate")
	}
	return settings, nil
}

// engineVersion is what the engine says of itself.
type engineVersion struct {
	Version    string
	APIVersion string `json:"ApiVersion"`
}

func (e *engine) version(ctx context.Context) (engineVersion, error) {
	var v engineVersion
	return v, e.get(ctx, "/version", &v)
}

func (e *engine) get(ctx context.Context, path string, answer any) error {
	if e.fault != nil {
		return e.fault
	}
	return getJSON(ctx, e.client, e.base+path, answer)
}

// answerLimit bounds what is read of an answer.
const answerLimit = 16 << 20

func getJSON(ctx context.Context, client *http.Client, address string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	body, err := open(client, request)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if err := json.NewDecoder(io.LimitReader(body, answerLimit)).Decode(answer); err != nil {
		return fmt.Errorf("its answer: %w", err)
	}
	return nil
}

// open returns the body of an answer with code 200.
func open(client *http.Client, request *http.Request) (io.ReadCloser, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, &statusError{response.StatusCode}
	}
	return response.Body, nil
}

// statusError is an HTTP answer other than 200.
type statusError struct{ code int }

// Error returns the code and its meaning.
func (e *statusError) Error() string {
	return fmt.Sprintf("HTTP %d %s", e.code, http.StatusText(e.code))
}
