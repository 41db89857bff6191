package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/account"
)

// activationRoutes serves the sheets that open accounts: making and printing
// them is for the office, using one is for who holds it.
func (a *Accounts) activationRoutes(s *Server) {
	s.Route("POST", "/api/activations", office, Small, a.createSheets)
	s.Route("GET", "/api/activations", office, NoBody, a.sheets)
	s.Route("GET", "/api/activations/sheet", office, NoBody, a.printSheets)
	s.Route("GET", "/api/activations/sheet.css", Public, NoBody, a.sheetStyle)
	s.Route("POST", "/api/activations/:id/open", Public, Small, a.openAccount)
}

type shownSheets struct {
	Class  string          `json:"class,omitempty"`
	Sheets []account.Sheet `json:"sheets"`
}

func (a *Accounts) createSheets(c *Call) error {
	var req account.SheetRequest
	if err := c.Bind(&req); err != nil {
		return err
	}
	sheets, err := a.Service.CreateSheets(c.Context(), sessionOf(c), req, c.Origin())
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusCreated, shownSheets{Sheets: sheets})
}

// asked reads whose sheets are meant: ?class=C, or ?people=P,Q.
func asked(c *Call) account.SheetRequest {
	return account.SheetRequest{
		Class:  c.Query("class"),
		People: strings.FieldsFunc(c.Query("people"), func(r rune) bool { return r == ',' }),
	}
}

// sheets lists who of a class has used a sheet and who has not, without the
// secrets.
func (a *Accounts) sheets(c *Call) error {
	class, sheets, err := a.Service.Sheets(c.Context(), sessionOf(c), asked(c), "")
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, shownSheets{class, sheets})
}

func (a *Accounts) openAccount(c *Call) error {
	var body struct {
		account.SheetUse
		Label string `json:"label"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	t, err := a.Service.OpenAccount(c.Context(), clientOf(c, body.Label), c.Param("id"), body.SheetUse)
	return a.welcome(c, t, err)
}

//go:embed activation.html
var sheetHTML string

//go:embed activation.css
var sheetCSS []byte

var sheetPage = template.Must(template.New("sheet").Funcs(template.FuncMap{"date": frenchDate}).Parse(sheetHTML))

// strip is one sheet on paper.
type strip struct {
	account.Sheet
	Class string        // of a pupil
	QR    template.HTML // a picture that we drew
}

// printSheets is a page to print: the unused sheets of a class or of some
// people, a strip each.
func (a *Accounts) printSheets(c *Call) error {
	class, sheets, err := a.Service.Sheets(c.Context(), sessionOf(c), asked(c), c.Origin())
	if err != nil {
		return err
	}
	page, err := a.sheetPage(c, class, sheets)
	if err != nil {
		return err
	}
	// It is a page, with its own style and nothing else.
	c.SetHeader(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'")
	return c.Bytes(fiber.StatusOK, fiber.MIMETextHTMLCharsetUTF8, page)
}

func (a *Accounts) sheetPage(c *Call, class string, sheets []account.Sheet) ([]byte, error) {
	school, _ := a.Directory.School(c.Actor.School)
	data := struct {
		School, Class, Host string
		Strips              []strip
	}{School: school.Name, Class: class, Host: c.Host()}
	for _, sh := range sheets {
		if sh.State != account.SheetUnused {
			continue
		}
		qr, err := account.QR(sh.URL)
		if err != nil {
			return nil, err
		}
		of, _ := a.Directory.ClassOf(sh.Person)
		sh.Expires = sh.Expires.In(a.Directory.Location(c.Actor.School))
		data.Strips = append(data.Strips, strip{sh, of.Name, template.HTML(qr)})
	}
	var page bytes.Buffer
	err := sheetPage.Execute(&page, data)
	return page.Bytes(), err
}

func (a *Accounts) sheetStyle(c *Call) error {
	return c.Bytes(fiber.StatusOK, "text/css; charset=utf-8", sheetCSS)
}

var frenchMonths = [...]string{
	"janvier", "février", "mars", "avril", "mai", "juin",
	"juillet", "août", "septembre", "octobre", "novembre", "décembre",
}

func frenchDate(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d", day, frenchMonths[t.Month()-1], t.Year())
}
