package api

import (
	"github.com/gofiber/fiber/v2"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/lsu"
	"preau/api/lsu/export"
)

// LivretRoutes serves the file for the Livret scolaire unique to the
// direction.
func LivretRoutes(e *export.Service) Routes {
	r := livretRoutes{e}
	return func(s *Server) {
		s.Route("GET", "/api/lsu", Only(directory.RoleDirection), NoBody, r.file)
	}
}

type livretRoutes struct{ *export.Service }

// shownFinding is a finding with what is said of it.
type shownFinding struct {
	lsu.Finding
	Text string `json:"text"`
}

// file answers with the file of a class in a period; with what keeps it from
// being one, otherwise (409). With partial=1 the pupils of whom something is
// missing are left out.
func (r livretRoutes) file(c *Call) error {
	f, err := r.Class(c.Context(), c.Actor, c.Query("class"), c.Query("period"), c.Query("partial") == "1")
	if err != nil {
		return err
	}
	if len(f.Findings) > 0 {
		return c.JSON(fiber.StatusConflict, incomplete(f.Findings))
	}
	c.SetHeader(fiber.HeaderContentDisposition, "attachment"+contentName(attachment.CleanName(f.Name, "")))
	c.SetHeader(fiber.HeaderContentSecurityPolicy, "sandbox; default-src 'none'; frame-ancestors 'none'")
	return c.Bytes(fiber.StatusOK, "application/xml; charset=utf-8", f.Body)
}

// incomplete is an error with all that is missing.
func incomplete(found []lsu.Finding) any {
	var shown struct {
		problemBody
		Findings []shownFinding `json:"findings"`
	}
	shown.problemBody = Problem{Code: "incomplete", Message: "something is missing for this file"}.body()
	for _, f := range found {
		shown.Findings = append(shown.Findings, shownFinding{f, f.String()})
	}
	return shown
}
