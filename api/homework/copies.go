package homework

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	_ "image/png" // pages may be PNG
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "golang.org/x/image/webp" // or WebP

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/homework/pdf"
	"preau/storage"
	psync "preau/sync"
)

// Collection is what the pupils of a course have handed in for a homework, the
// last whole version of each.
type Collection struct {
	Title  string // of the homework
	copies []copyOf
	open   func(ctx context.Context, sha string) (*attachment.Content, error)
}

// copyOf is the copy of one pupil; name is that of its file, without ending.
type copyOf struct {
	name string
	at   time.Time
	Submission
}

// Copies collects the copies of a homework for a teacher of its course.
func (s *Service) Copies(ctx context.Context, a psync.Actor, course, id string) (*Collection, error) {
	scope := courseScope(course)
	if err := s.dir.May(a, directory.ReadCopies, scope); err != nil {
		return nil, err
	}
	g, ok, err := psync.Find[Given](ctx, s.engine, scope, "homework", id)
	if err == nil && !ok {
		g, ok, err = psync.Find[Given](ctx, s.engine, scope, "withdrawn", id)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, storage.ErrNotFound
	}
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: "submission"})
	if err != nil {
		return nil, fmt.Errorf("copies of %s: %w", id, err)
	}
	handed, err := byStudent(recs, id)
	if err != nil {
		return nil, err
	}
	c := &Collection{Title: headline(g), open: func(ctx context.Context, sha string) (*attachment.Content, error) {
		return s.files.Open(ctx, a, sha, attachment.Page)
	}}
	for student, versions := range handed {
		if last, ok := lastWhole(versions); ok {
			c.copies = append(c.copies, copyOf{name: s.fileName(student), at: last.ReceivedAt, Submission: last.Submission})
		}
	}
	c.arrange()
	return c, nil
}

// lastWhole is the last version of which every page has arrived.
func lastWhole(all []version) (last version, ok bool) {
	for _, v := range all {
		if v.State != StateWaiting && v.Version > last.Version {
			last, ok = v, true
		}
	}
	return last, ok
}

// fileName names the file of a pupil, "BENALI Inès".
func (s *Service) fileName(student string) string {
	p, ok := s.dir.Person(student)
	if !ok {
		return student
	}
	return strings.TrimSpace(strings.ToUpper(p.Surname()) + " " + p.First)
}

// arrange sorts the copies by name and tells namesakes apart.
func (c *Collection) arrange() {
	slices.SortFunc(c.copies, func(a, b copyOf) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.By, b.By))
	})
	for i := len(c.copies) - 1; i > 0; i-- {
		same := 1
		for j := range i {
			if c.copies[j].name == c.copies[i].name {
				same++
			}
		}
		if same > 1 {
			c.copies[i].name += " (" + strconv.Itoa(same) + ")"
		}
	}
}

// WriteZip writes the copies as one PDF per pupil. Pages that are documents
// already stand beside it, as they were handed in.
func (c *Collection) WriteZip(ctx context.Context, out io.Writer) error {
	z := zip.NewWriter(out)
	for _, one := range c.copies {
		if err := c.writeCopy(ctx, z, one); err != nil {
			return fmt.Errorf("copy of %s: %w", one.By, err)
		}
	}
	return z.Close()
}

func (c *Collection) writeCopy(ctx context.Context, z *zip.Writer, one copyOf) error {
	documents := map[int]*attachment.Content{}
	name := attachment.CleanName(one.name+".pdf", "application/pdf")
	// Pages are compressed already.
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: one.at})
	if err != nil {
		return err
	}
	w := pdf.New(f)
	if strings.TrimSpace(one.Text) != "" {
		if err := w.Text(one.Text); err != nil {
			return err
		}
	}
	for i, page := range one.Pages {
		content, err := c.open(ctx, page.SHA)
		if err != nil {
			return err
		}
		if !content.Inline() {
			documents[i] = content
			continue
		}
		if err := addPage(ctx, w, content); err != nil {
			return err
		}
	}
	if w.Pages() == 0 {
		if err := w.Text(strings.Join(names(documents), "\n")); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return writeDocuments(ctx, z, one, documents)
}

// names lists the names of documents, by page.
func names(documents map[int]*attachment.Content) []string {
	var all []string
	for i, d := range documents {
		all = append(all, strconv.Itoa(i+1)+" – "+d.Name)
	}
	slices.Sort(all)
	return all
}

// addPage puts a photographed page into the file of a pupil.
func addPage(ctx context.Context, w *pdf.Writer, content *attachment.Content) error {
	data, err := readAll(ctx, content)
	if err != nil {
		return err
	}
	if content.Type == "image/jpeg" {
		return w.JPEG(data)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return w.Picture(img)
}

func readAll(ctx context.Context, content *attachment.Content) ([]byte, error) {
	r, err := content.Read(ctx, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// writeDocuments puts pages that are files of their own beside the PDF.
func writeDocuments(ctx context.Context, z *zip.Writer, one copyOf, documents map[int]*attachment.Content) error {
	for i := range one.Pages {
		content, ok := documents[i]
		if !ok {
			continue
		}
		name := attachment.CleanName(one.name+" - "+strconv.Itoa(i+1)+path.Ext(content.Name), content.Type)
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: one.at})
		if err != nil {
			return err
		}
		r, err := content.Read(ctx, 0, -1)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if err := cmp.Or(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}
