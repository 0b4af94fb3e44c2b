package activities

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter is the longest Retry-After that is believed.
const maxRetryAfter = time.Hour

// Answered gives err, which says what an HTTP server answered, the class of that answer. A success is nil.
func Answered(response *http.Response, err error) error {
	switch status := response.StatusCode; {
	case status < 300:
		return nil
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return Fail(NotFound, err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Fail(PermissionDenied, err)
	case status == http.StatusTooManyRequests:
		return &Error{Class: RateLimited, RetryAfter: retryAfter(response.Header.Get("Retry-After")), Err: err}
	case status >= 500:
		return Fail(Unavailable, err)
	default:
		return Fail(PreconditionFailed, err)
	}
}

// retryAfter reads seconds or a date; 0 leaves the time to the retry policy.
func retryAfter(value string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	}
	return max(0, min(wait, maxRetryAfter))
}
