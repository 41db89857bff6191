package api

import (
	"io"

	"github.com/gofiber/fiber/v2"

	"preau/api/attachment"
	"preau/api/homework"
)

// CopyRoutes serves the copies of a homework to its teachers.
func CopyRoutes(work *homework.Service) Routes {
	r := copyRoutes{work}
	return func(s *Server) {
		s.Route("GET", "/api/courses/:course/homework/:id/copies.zip", SignedIn, NoBody, r.zip)
	}
}

type copyRoutes struct{ *homework.Service }

// zip answers with the copies of a homework, one PDF per pupil, written while
// it is sent.
func (r copyRoutes) zip(c *Call) error {
	copies, err := r.Copies(c.Context(), c.Actor, c.Param("course"), c.Param("id"))
	if err != nil {
		return err
	}
	name := attachment.CleanName(copies.Title, "") + ".zip"
	c.SetHeader(fiber.HeaderContentDisposition, "attachment"+contentName(name))
	c.SetHeader(fiber.HeaderContentSecurityPolicy, "sandbox; default-src 'none'; frame-ancestors 'none'")
	if c.Method() == fiber.MethodHead {
		return c.Empty(fiber.StatusOK)
	}
	ctx := c.Context()
	return c.Stream(fiber.StatusOK, "application/zip", pipe(func(w io.Writer) error { return copies.WriteZip(ctx, w) }), -1)
}
