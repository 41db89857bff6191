package api

import (
	"context"
	"errors"
	"math"
	"strconv"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/account"
	"preau/api/collect"
	"preau/api/transfer"
	"preau/storage"
	psync "preau/sync"
)

// Problem is an error as the client sees it. Code is stable; Message is for
// logs and other clients.
type Problem struct {
	Status  int
	Code    string
	Field   string
	Message string
	Retry   time.Duration // when to come again; 0: not said
	Wipe    bool          // the device must delete everything
}

func (p *Problem) Error() string { return p.Code + ": " + p.Message }

// Fail makes a Problem.
func Fail(status int, code, message string) error {
	return &Problem{Status: status, Code: code, Message: message}
}

// What [Sessions] answers for a token that opens nothing.
var (
	ErrSignedOut error = &Problem{Status: 401, Code: "signed_out", Message: "sign in first"}
	ErrRevoked   error = &Problem{Status: 401, Code: "signed_out", Message: "this device was revoked", Wipe: true}
)

func isSignedOut(err error) bool {
	p, _ := problem(err)
	return err != nil && p.Status == fiber.StatusUnauthorized
}

// What a disk that is full or fails makes of a request: somebody has to look
// after it, and the client comes again.
var (
	noSpace = Problem{Status: 503, Code: "unavailable", Message: "the server's disk is full", Retry: 30 * time.Second}
	noDisk  = Problem{Status: 503, Code: "unavailable", Message: "the server's disk fails", Retry: 30 * time.Second}
)

// kinds translates the errors that packages below share.
var kinds = []struct {
	err error
	as  Problem
}{
	{account.ErrRevoked, Problem{Status: 401, Code: "signed_out", Message: "this device was revoked", Wipe: true}},
	{collect.ErrNone, Problem{Status: 404, Code: "not_found", Message: "nothing at this address"}},
	{transfer.ErrNone, Problem{Status: 404, Code: "not_found", Message: "nothing at this address"}},
	{account.ErrSignedOut, Problem{Status: 401, Code: "signed_out", Message: "sign in first"}},
	{account.ErrBusy, Problem{Status: 503, Code: "unavailable", Message: "too many passwords to check", Retry: 2 * time.Second}},
	{storage.ErrNotFound, Problem{Status: 404, Code: "not_found", Message: "not found"}},
	{storage.ErrConflict, Problem{Status: 409, Code: "conflict", Message: "somebody else was faster"}},
	{storage.ErrTooLarge, Problem{Status: 413, Code: "too_large", Message: "too large"}},
	{storage.ErrClosed, Problem{Status: 503, Code: "unavailable", Message: "stopping", Retry: 2 * time.Second}},
	{storage.ErrUnavailable, Problem{Status: 503, Code: "unavailable", Message: "the server does not reach what it keeps", Retry: 5 * time.Second}},
	{syscall.ENOSPC, noSpace},
	{syscall.EDQUOT, noSpace},
	{syscall.EIO, noDisk},
	{syscall.EROFS, noDisk},
	{context.Canceled, Problem{Status: 503, Code: "unavailable", Message: "stopping", Retry: 2 * time.Second}},
	{context.DeadlineExceeded, Problem{Status: 503, Code: "unavailable", Message: "too slow", Retry: 2 * time.Second}},
}

// refusals gives the status of a rule's refusal by its code; others are 422.
var refusals = map[string]int{
	"forbidden":  403,
	"quarantine": 403,
	"not_found":  404,
	"conflict":   409,
	"too_late":   409,
	"gone":       410,
	"blocked":    410,
	"withdrawn":  410,
	"too_large":  413,
	"too_many":   429,
}

// statuses gives the code of an error that has only a status.
var statuses = map[int]string{
	400: "malformed",
	404: "not_found",
	405: "method_not_allowed",
	408: "timeout",
	413: "too_large",
	431: "too_large",
}

// problem translates any error; ok is false for one that nobody foresaw.
func problem(err error) (p Problem, ok bool) {
	var known *Problem
	var request *psync.RequestError
	var refusal *psync.Refusal
	var wait *psync.Wait
	var throttled *account.Throttled
	var edge *fiber.Error
	switch {
	case errors.As(err, &known):
		return *known, true
	case errors.As(err, &request):
		return fromRequest(request), true
	case errors.As(err, &refusal):
		return fromRefusal(refusal), true
	case errors.As(err, &wait):
		return Problem{Status: 503, Code: "wait", Message: "come again", Retry: wait.For}, true
	case errors.As(err, &throttled):
		return Problem{Status: 429, Code: "too_many_requests", Message: "too many attempts", Retry: throttled.After}, true
	case errors.As(err, &edge):
		return fromStatus(edge.Code), true
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.as, true
		}
	}
	return Problem{Status: 500, Code: "internal", Message: "our fault; it was logged"}, false
}

func fromRequest(r *psync.RequestError) Problem {
	return Problem{Status: r.Status(), Code: r.Code, Field: r.Field, Message: r.Message, Retry: r.RetryAfter, Wipe: r.Wipe}
}

func fromRefusal(r *psync.Refusal) Problem {
	status, ok := refusals[r.Code]
	if !ok {
		status = fiber.StatusUnprocessableEntity
	}
	return Problem{Status: status, Code: r.Code, Field: r.Field, Message: r.Message}
}

func fromStatus(status int) Problem {
	code, ok := statuses[status]
	if !ok {
		code = "malformed"
	}
	return Problem{Status: status, Code: code, Message: fiber.NewError(status).Message}
}

// isFault tells whether somebody should look after the server, though the
// client is only told to come again.
func isFault(err error) bool {
	var request *psync.RequestError
	if errors.As(err, &request) && request.Code == psync.Unavailable {
		return request.Cause != nil && !errors.Is(err, storage.ErrClosed) && !errors.Is(err, storage.ErrConflict)
	}
	for _, fault := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, storage.ErrUnavailable} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// fail answers with the error of a handler, or of the HTTP parser.
func (s *Server) fail(fc *fiber.Ctx, err error) error {
	p, ok := problem(err)
	if !ok {
		s.logFailure(fc, err)
	} else if isFault(err) {
		if silent, tell := s.outage.tell(s.Now()); tell {
			s.logFailure(fc, err, "alike", silent)
		}
	}
	s.setHeaders(fc)
	if p.Retry > 0 {
		fc.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(p.Retry.Seconds()))))
	}
	body, err := encode(p.body())
	if err != nil {
		return err
	}
	fc.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return fc.Status(p.Status).Send(body)
}

func (s *Server) logFailure(fc *fiber.Ctx, err error, more ...any) {
	s.Log.Error("request failed", append([]any{"method", fc.Method(), "route", fc.Route().Path, "error", err}, more...)...)
}

type problemBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Field   string `json:"field,omitempty"`
		Wipe    bool   `json:"wipe,omitempty"`
	} `json:"error"`
}

func (p Problem) body() problemBody {
	var b problemBody
	b.Error.Code, b.Error.Message, b.Error.Field = p.Code, p.Message, p.Field
	b.Error.Wipe = p.Wipe
	return b
}
