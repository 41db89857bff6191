package minio_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	s3 "github.com/minio/minio-go/v7"
	"go.uber.org/goleak"

	"preau/storage"
	"preau/storage/minio"
	"preau/storage/minio/miniotest"
	"preau/storage/storagetest"
)

// elsewhere names one more server, "s3://KEY:SECRET@host/bucket?…".
const elsewhere = "PREAU_TEST_S3_URL"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opener opens a store of its own for each directory of the suite.
func opener(address string) storagetest.OpenBlobs {
	before, query, _ := strings.Cut(address, "?")
	return func(ctx context.Context, dir string) (storage.Blobs, error) {
		sum := sha256.Sum256([]byte(dir))
		return minio.Open(ctx, strings.TrimSuffix(before, "/")+"/test-"+hex.EncodeToString(sum[:8])+"?"+query)
	}
}

func TestServers(t *testing.T) {
	for _, s := range miniotest.Servers {
		t.Run(s.Name, func(t *testing.T) {
			host := s.Start(t)
			plain := miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket, "tls=0")
			t.Run("Blobs", func(t *testing.T) { storagetest.Blobs(t, opener(plain)) })
			t.Run("Joiner", func(t *testing.T) { storagetest.Joiner(t, opener(plain)) })
			for name, test := range map[string]func(*testing.T, string){
				"Large": large, "Race": race, "Lend": lend, "Foreign": foreign, "Wrong": wrong, "LostAnswer": lostAnswer,
				"Unavailable": unavailable, "Slow": slow,
			} {
				t.Run(name, func(t *testing.T) { test(t, host) })
			}
			if s.Name == "versitygw" {
				t.Run("Rights", func(t *testing.T) { rights(t, host) })
			}
		})
	}
}

// TestElsewhere runs the suite on whatever server one likes.
func TestElsewhere(t *testing.T) {
	address := os.Getenv(elsewhere)
	if address == "" {
		t.Skip(elsewhere + " names no server")
	}
	storagetest.Blobs(t, opener(address))
}

func open(t testing.TB, host, path, query string) *minio.Store {
	t.Helper()
	s, err := minio.Open(t.Context(), miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket+"/"+path, "tls=0"+query))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *minio.Store, key, content string) {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	if err := s.Put(t.Context(), key, strings.NewReader(content), int64(len(content)), sum[:]); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *minio.Store, key string) string {
	t.Helper()
	r, _, err := s.Open(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// large stores what is too large for one request, with smaller parts than
// anybody would wait for.
func large(t *testing.T, host string) {
	s := open(t, host, "large", "")
	s.Parts(1<<20, 5<<20)
	content := strings.Repeat("0123456789abcdef", 12<<20/16)
	put(t, s, "a", content)
	put(t, s, "a", strings.Repeat("x", len(content)))
	if got := get(t, s, "a"); got != content {
		t.Errorf("%d bytes came back", len(got))
	}
	sum := sha256.Sum256([]byte(content))
	other := content[:len(content)-1] + "x"
	if err := s.Put(t.Context(), "b", strings.NewReader(other), int64(len(other)), sum[:]); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("other content: %v", err)
	}
	if err := s.Put(t.Context(), "b", strings.NewReader(other[:7<<20]), int64(len(other)), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short: %v", err)
	}
	if _, err := s.Stat(t.Context(), "b"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("what was refused is there: %v", err)
	}
	left, err := miniotest.Client(t, host).ListMultipartUploads(t.Context(), miniotest.Bucket, "large/b!", "", "", "", 10)
	if err != nil || len(left.Uploads) > 0 {
		t.Errorf("parts are left: %+v, %v", left.Uploads, err)
	}
}

// race has many stores, as many nodes would, put one key at once.
func race(t *testing.T, host string) {
	for round := range 10 {
		key := fmt.Sprint("race/", round)
		var seen [16]string
		var all sync.WaitGroup
		for i := range seen {
			s := open(t, host, "race", "")
			all.Go(func() {
				content := bytes.Repeat([]byte{byte('a' + i)}, 30_000)
				sum := sha256.Sum256(content)
				if err := s.Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), sum[:]); err != nil {
					t.Error(err)
				}
				seen[i] = get(t, s, key)
			})
		}
		all.Wait()
		for _, content := range seen {
			if content != seen[0] || len(content) != 30_000 {
				t.Fatalf("two contents were seen: %.10q and %.10q", seen[0], content)
			}
		}
	}
}

// lend follows an address as a browser would, without a session.
func lend(t *testing.T, host string) {
	s := open(t, host, "lend", "&presign=1")
	put(t, s, "a/page", "content")
	const disposition = `attachment; filename="R_cit.pdf"; filename*=UTF-8''R%C3%A9cit.pdf`
	link, err := s.Lend(t.Context(), "a/page", "application/pdf", disposition)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": disposition, "Cache-Control": "no-store",
	} {
		if got := fetch(t, link, 200, "content").Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	fetch(t, strings.Replace(link, "application%2Fpdf", "text%2Fhtml", 1), 403, "")
	fetch(t, strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=600", 1), 403, "")
	if link, err := open(t, host, "lend", "").Lend(t.Context(), "a/page", "application/pdf", disposition); link != "" || err != nil {
		t.Errorf("lent without being asked to: %q, %v", link, err)
	}
}

func fetch(t *testing.T, link string, status int, content string) http.Header {
	t.Helper()
	res, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status || content != "" && string(body) != content {
		t.Errorf("got %d %.200q, %v; want %d", res.StatusCode, body, err, status)
	}
	return res.Header
}

// foreign objects in the bucket are left alone.
func foreign(t *testing.T, host string) {
	client := miniotest.Client(t, host)
	for _, name := range []string{"foreign/README", "foreign/A!", "foreign/a b!", "foreign/../x", "foreigner!"} {
		if _, err := client.PutObject(t.Context(), miniotest.Bucket, name, strings.NewReader("x"), 1, "", "", s3.PutObjectOptions{}); err != nil {
			t.Logf("%s: %v", name, err)
		}
	}
	s := open(t, host, "foreign", "")
	put(t, s, "a", "content")
	var keys []string
	if err := s.List(t.Context(), "", func(b storage.Blob) bool { keys = append(keys, b.Key); return true }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(keys) != "[a]" {
		t.Errorf("listed %q", keys)
	}
	if got := miniotest.Objects(t, client, "foreign/"); len(got) < 3 {
		t.Errorf("in the bucket: %q; opening leaves only what it found", got)
	}
}

// wrong addresses say what is wrong, in one line and without the secret.
func wrong(t *testing.T, host string) {
	for name, c := range map[string]struct{ address, want string }{
		"no such bucket": {miniotest.Address(host, miniotest.Owner, miniotest.Secret, "nobodys-bucket", "tls=0"), `bucket "nobodys-bucket" does not exist`},
		"wrong secret":   {miniotest.Address(host, miniotest.Owner, "wrong-secret", miniotest.Bucket, "tls=0"), "does not know the key, or the secret is wrong"},
		"no TLS there":   {miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket, ""), "does not answer"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, c.address, c.want) })
	}
}

// rights that are missing are found when the store opens, each of them.
func rights(t *testing.T, host string) {
	guest := miniotest.Address(host, miniotest.Guest, miniotest.Secret, miniotest.Bucket+"/guest", "tls=0")
	const onObjects, onBucket = `{"Effect":"Allow","Principal":{"AWS":[%[1]q]},"Action":[%[3]s],"Resource":["arn:aws:s3:::%[2]s/*"]}`,
		`,{"Effect":"Allow","Principal":{"AWS":[%[1]q]},"Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::%[2]s"]}`
	client := miniotest.Client(t, host)
	allow := func(statements, actions string) {
		t.Helper()
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[`+statements+`]}`, miniotest.Guest, miniotest.Bucket, actions)
		if err := client.SetBucketPolicy(t.Context(), miniotest.Bucket, policy); err != nil {
			t.Fatal(err)
		}
	}
	const missing = `the key may not put, get, list and delete objects in bucket "preau-test"`
	wantError(t, guest, missing)
	for _, actions := range []string{
		`"s3:GetObject","s3:DeleteObject"`, `"s3:PutObject","s3:DeleteObject"`, `"s3:PutObject","s3:GetObject"`,
	} {
		allow(onObjects+onBucket, actions)
		wantError(t, guest, missing)
	}
	allow(onObjects, `"s3:PutObject","s3:GetObject","s3:DeleteObject"`)
	wantError(t, guest, missing)
	allow(onObjects+onBucket, `"s3:PutObject","s3:GetObject","s3:DeleteObject"`)
	s, err := minio.Open(t.Context(), guest)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func wantError(t *testing.T, address, want string) {
	t.Helper()
	s, err := minio.Open(t.Context(), address)
	if err == nil {
		s.Close()
		t.Fatal("it opened")
	}
	for _, secret := range []string{miniotest.Secret, "wrong-secret", "not%2Fso"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is in %q", err)
		}
	}
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want %q in one line", err, want)
	}
}

// lostAnswer puts again what may have been stored while the answer was not
// waited for.
func lostAnswer(t *testing.T, host string) {
	s := open(t, host, "lost", "")
	content := strings.Repeat("x", 1<<20)
	sum := sha256.Sum256([]byte(content))
	stored := 0
	for n := range 5 {
		key := fmt.Sprint("a/", n)
		ctx, cancel := context.WithCancel(t.Context())
		all := strings.NewReader(content)
		impatient := readerFunc(func(p []byte) (int, error) {
			n, err := all.Read(p)
			if all.Len() == 0 {
				cancel()
			}
			return n, err
		})
		if err := s.Put(ctx, key, impatient, int64(len(content)), sum[:]); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, err := s.Stat(t.Context(), key); err == nil {
			stored++
		}
		put(t, s, key, content)
		if got := get(t, s, key); got != content {
			t.Errorf("%d bytes came back", len(got))
		}
	}
	t.Logf("%d of 5 were stored all the same", stored)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestWrongAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"": "should look like", "s3://host/bucket": "should look like", "file:data": "should look like",
		"s3://key@host/bucket": "should look like", "s3://key:not/so+secret@all@host/bucket": "should look like",
		"s3://key:wrong-secret@host": "should look like", "s3://key:wrong-secret@host/": "should look like",
		"s3://key:wrong-secret@host/UPPER":               "bucket",
		"s3://key:wrong-secret@host/bucket/Up/x":         "prefix",
		"s3://key:wrong-secret@host/bucket?tls=2":        `tls="2" is not understood`,
		"s3://key:wrong-secret@host/bucket?color=blue":   `color="blue" is not understood`,
		"s3://key:wrong-secret@host/bucket?tls=0&tls=1":  "said twice",
		"s3://key:wrong-secret@127.0.0.1:1/bucket?tls=0": "does not answer",
	} {
		t.Run(address, func(t *testing.T) { wantError(t, address, want) })
	}
}

// BenchmarkPut stores copies of the size of a photographed page.
func BenchmarkPut(b *testing.B) {
	for _, server := range miniotest.Servers {
		b.Run(server.Name, func(b *testing.B) {
			s := open(b, server.Start(b), "bench", "")
			page := strings.Repeat("x", 300_000)
			sum := sha256.Sum256([]byte(page))
			b.SetBytes(int64(len(page)))
			for n := 0; b.Loop(); n++ {
				if err := s.Put(b.Context(), fmt.Sprintf("pages/%d", n), strings.NewReader(page), int64(len(page)), sum[:]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
