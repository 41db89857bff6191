package sync

import (
	"fmt"
	"net/http"
	"time"
)

// Codes of the errors that concern a whole request. Nothing was changed by a
// request that failed, except what an earlier sending of it may have changed.
const (
	Malformed       = "malformed"        // not JSON, or not of the shape of a request
	SignedOut       = "signed_out"       // no session
	UnknownDevice   = "unknown_device"   // the session belongs to another device: take a new id
	TooLarge        = "too_large"        // over a limit of size or number
	Invalid         = "invalid"          // well formed, but a value makes no sense
	UpgradeRequired = "upgrade_required" // the device's schema is too old to pull
	TooMany         = "too_many_requests"
	Behind          = "behind"      // this server knows less than the device
	Unavailable     = "unavailable" // a fault of ours: come again
)

// RequestError says why a request was not answered. Code is one of the codes
// above; Field names the culprit, such as "mutations[2].scope".
type RequestError struct {
	Code       string
	Field      string
	Message    string
	RetryAfter time.Duration // of 429 and 503
	Wipe       bool          // of 401: the device was revoked and deletes everything
	Cause      error         // for the log; never sent
}

func (e *RequestError) Error() string {
	text := e.Code
	if e.Field != "" {
		text += " " + e.Field
	}
	text += ": " + e.Message
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

func (e *RequestError) Unwrap() error { return e.Cause }

// Status is the HTTP status that PROTOCOL.md gives the code.
func (e *RequestError) Status() int {
	switch e.Code {
	case Malformed:
		return http.StatusBadRequest
	case SignedOut:
		return http.StatusUnauthorized
	case UnknownDevice:
		return http.StatusConflict
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Invalid:
		return http.StatusUnprocessableEntity
	case UpgradeRequired:
		return http.StatusUpgradeRequired
	case TooMany:
		return http.StatusTooManyRequests
	default:
		return http.StatusServiceUnavailable
	}
}

// AppendJSON appends the body of the error's answer.
func (e *RequestError) AppendJSON(b []byte) []byte {
	b = append(b, `{"error":`...)
	b = appendCanonical(b, struct {
		Code    string `json:"code"`
		Field   string `json:"field,omitempty"`
		Message string `json:"message"`
		Wipe    bool   `json:"wipe,omitempty"`
	}{e.Code, e.Field, e.Message, e.Wipe})
	return append(b, '}')
}

func invalid(field, format string, args ...any) error {
	return &RequestError{Code: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

func tooLarge(field, format string, args ...any) error {
	return &RequestError{Code: TooLarge, Field: field, Message: fmt.Sprintf(format, args...)}
}

func unavailable(cause error) error {
	return &RequestError{Code: Unavailable, Message: "come again", RetryAfter: 2 * time.Second, Cause: cause}
}
