package homework

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Receipt proves what was handed in and when. Sum covers the pages and the
// text; Sig is the server's signature over all that the receipt is about.
type Receipt struct {
	ID  string    `json:"id"`
	At  time.Time `json:"at"`
	Sum string    `json:"sum"`
	Sig string    `json:"sig"`
}

// ErrReceipt says that a receipt is not one of this server for this copy.
var ErrReceipt = errors.New("receipt does not match")

// receiptContent is what is signed, as canonical JSON with its fields in this
// order.
type receiptContent struct {
	Receipt    string `json:"receipt"` // version of this form
	ID         string `json:"id"`
	Student    string `json:"student"`
	Homework   string `json:"homework"`
	Submission string `json:"submission"`
	Version    int    `json:"version"`
	At         string `json:"at"`
	LateBy     int64  `json:"lateBy"`
	Sum        string `json:"sum"`
}

// receipt signs that a submission was received whole.
func (s *Service) receipt(student, id string, sub Submission) *Receipt {
	r := &Receipt{At: sub.ReceivedAt, Sum: sum(sub)}
	r.ID = receiptID(student, id, r.Sum)
	r.Sig = base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, r.content(student, id, sub)))
	return r
}

// receiptID is short enough to be read out: 12 characters of [a-z2-7].
func receiptID(student, id, sum string) string {
	hash := sha256.Sum256([]byte(student + "\x00" + id + "\x00" + sum))
	return strings.ToLower(base32.StdEncoding.EncodeToString(hash[:])[:12])
}

// sum is the SHA-256 over the names of the pages, each on a line, an empty
// line and the text.
func sum(sub Submission) string {
	hash := sha256.New()
	for _, f := range sub.Pages {
		hash.Write([]byte(f.SHA + "\n"))
	}
	hash.Write([]byte("\n" + sub.Text))
	return hex.EncodeToString(hash.Sum(nil))
}

// content is what the receipt of a submission signs.
func (r *Receipt) content(student, id string, sub Submission) []byte {
	raw, err := json.Marshal(receiptContent{
		Receipt: "preau/1", ID: r.ID, Student: student, Homework: sub.Homework, Submission: id,
		Version: sub.Version, At: r.At.UTC().Format(time.RFC3339Nano), LateBy: sub.LateBy, Sum: r.Sum,
	})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return raw
}

// VerifyReceipt says whether a submission is exactly what the server with this
// key received from the student: nil, or ErrReceipt.
func VerifyReceipt(key ed25519.PublicKey, student, id string, sub Submission) error {
	r := sub.Receipt
	if r == nil || r.Sum != sum(sub) || r.ID != receiptID(student, id, r.Sum) || !r.At.Equal(sub.ReceivedAt) {
		return ErrReceipt
	}
	sig, err := base64.RawURLEncoding.DecodeString(r.Sig)
	if err != nil || !ed25519.Verify(key, r.content(student, id, sub), sig) {
		return ErrReceipt
	}
	return nil
}
