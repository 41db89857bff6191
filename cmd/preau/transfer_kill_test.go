package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preau/cmd/preau/demo"
)

// The server is killed while people open transfers, send their files, fetch
// them and end them. Afterwards each file is there whole or waited for, what
// was closed leads nowhere, and no byte is there for nothing.
func TestTransfersWhenKilled(t *testing.T) {
	s := newSchool(t)
	all := []*sender{}
	p := startProcess(t, s.data, strings.Fields(demoArgs)...)
	for i, who := range []string{"teacher", "guardian", "student"} {
		all = append(all, &sender{user: s.signIn(p, who), who: who, rnd: rand.New(rand.NewPCG(uint64(i), 3))})
	}
	s.kill(p)
	for range killRounds() {
		s.sendAll(all)
	}
	opened, closed, files := s.wantSent(all)
	t.Logf("kill -9 of the server: %d rounds, %d transfers open and %d closed, %d files whole, 0 lost, no byte left over", killRounds(), opened, closed, files)
}

// sendAll lets everybody send until the server is killed.
func (s *school) sendAll(all []*sender) {
	s.Helper()
	p := startProcess(s.T, s.data, strings.Fields(demoArgs)...)
	var working sync.WaitGroup
	var dead atomic.Bool
	for _, one := range all {
		working.Go(func() {
			for !dead.Load() {
				if err := one.step("http://" + p.addr); errors.Is(err, errWrong) {
					s.Error(err)
					return
				}
			}
		})
	}
	time.Sleep(rand.N(900 * time.Millisecond))
	s.kill(p)
	dead.Store(true)
	working.Wait()
	if s.Failed() {
		s.FailNow()
	}
}

// wantSent asks for all that was acknowledged, and then looks at what the
// server keeps.
func (s *school) wantSent(all []*sender) (opened, closed, files int) {
	s.Helper()
	p := startProcess(s.T, s.data, strings.Fields(demoArgs)...)
	for _, one := range all {
		for one.waits != "" { // an act without an answer
			s.must(one.act("http://" + p.addr))
		}
		for _, sent := range one.sent {
			s.wantOne(p, one, sent)
			if sent.closed {
				closed++
				continue
			}
			opened, files = opened+1, files+sent.there
		}
	}
	waitFor(s.T, func() bool { // bytes that are still to be deleted
		s.kill(p)
		wrong := s.audited()
		p = startProcess(s.T, s.data, strings.Fields(demoArgs)...)
		time.Sleep(300 * time.Millisecond)
		return len(wrong) == 0
	})
	s.kill(p)
	s.audit()
	return opened, closed, files
}

func (s *school) wantOne(p *process, one *sender, sent *consignment) {
	s.Helper()
	for n, want := range sent.files[:sent.there] {
		var status int
		var got []byte
		for range 100 { // what follows from the last acts
			res, body, err := one.call("GET", fmt.Sprintf("http://%s/t/%s/%d", p.addr, sent.secret, n), nil, "")
			if err != nil {
				s.Fatal(err)
			}
			status, got = res.StatusCode, body
			if sent.closed == (status == http.StatusNotFound) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if sent.closed && status != http.StatusNotFound || !sent.closed && !bytes.Equal(got, want) {
			s.Errorf("file %d of %s (closed: %v): %d, %d bytes of %d", n, sent.id, sent.closed, status, len(got), len(want))
		}
	}
}

// sender is somebody who sends one transfer after the other.
type sender struct {
	user
	who   string
	rnd   *rand.Rand
	k     int    // acts that were answered
	waits string // an act that was not: its name and arguments
	then  func() // what its answer means
	sent  []*consignment
}

// consignment is a transfer as its sender knows it.
type consignment struct {
	id, secret string
	files      [][]byte
	there      int    // how many have arrived
	path       string // upload of the next
	closed     bool
}

// step does what comes next. An error that is not errWrong says that the
// server is gone.
func (s *sender) step(at string) error {
	if s.waits != "" {
		return s.act(at)
	}
	if len(s.sent) == 0 {
		s.open()
		return nil
	}
	now := s.sent[len(s.sent)-1]
	switch {
	case now.closed || s.rnd.IntN(40) == 0:
		s.open()
	case s.rnd.IntN(12) == 0 || now.there == len(now.files) && s.rnd.IntN(2) == 0:
		s.waits, s.then = fmt.Sprintf(`"name":"transfer.close@1","args":{"id":%q}`, now.id), func() { now.closed = true }
	case now.there == len(now.files):
		s.open()
	case now.path == "":
		return s.begin(at, now)
	default:
		return s.upload(at, now)
	}
	return nil
}

func (s *sender) open() {
	now := &consignment{id: newUUID(), secret: strings.ReplaceAll(newUUID(), "-", "")[:22]}
	var named []string
	for n := range 1 + s.rnd.IntN(3) {
		file := make([]byte, 1+s.rnd.IntN(60_000))
		for i := range file {
			file[i] = byte(s.rnd.Uint32())
		}
		now.files = append(now.files, file)
		named = append(named, fmt.Sprintf(`{"name":"%d.bin","type":"","size":%d}`, n, len(file)))
	}
	s.waits = fmt.Sprintf(`"name":"transfer.open@1","args":{"id":%q,"secret":%q,"title":"T","days":7,"files":[%s]}`, now.id, now.secret, strings.Join(named, ","))
	s.then = func() { s.sent = append(s.sent, now) }
}

// act sends an act, again and again until it is answered.
func (s *sender) act(at string) error {
	status, answer, err := s.sync(strings.TrimPrefix(at, "http://"), fmt.Sprintf(`"mutations":[{"scope":"user:%s","k":%d,"at":%d,%s}]`, demo.User(s.who), s.k+1, time.Now().UnixMilli(), s.waits))
	if err != nil || status == http.StatusServiceUnavailable {
		return err
	}
	var said struct{ Results []struct{ OK bool } }
	if err := json.Unmarshal(answer, &said); err != nil || len(said.Results) != 1 || !said.Results[0].OK {
		return wrong("%s: %d %s", s.waits, status, answer)
	}
	s.k++
	s.waits = ""
	s.then()
	return nil
}

func (s *sender) begin(at string, now *consignment) error {
	meta := ""
	for _, pair := range [][2]string{{"use", "transfer"}, {"transfer", now.id}, {"part", strconv.Itoa(now.there)}} {
		meta += "," + pair[0] + " " + base64.StdEncoding.EncodeToString([]byte(pair[1]))
	}
	res, answer, err := s.call("POST", at+"/api/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(len(now.files[now.there]))}, "Upload-Metadata": {meta[1:]},
	}, "")
	if err != nil || res.StatusCode == http.StatusServiceUnavailable {
		return err
	}
	if now.path = res.Header.Get("Location"); now.path == "" {
		return wrong("a new upload: %d %s", res.StatusCode, answer)
	}
	return nil
}

// upload asks where an upload stands and sends some of the rest.
func (s *sender) upload(at string, now *consignment) error {
	res, answer, err := s.call("HEAD", at+now.path, http.Header{"Tus-Resumable": {"1.0.0"}}, "")
	if err != nil {
		return err
	}
	file := now.files[now.there]
	stands, unknown := strconv.Atoi(res.Header.Get("Upload-Offset"))
	switch {
	case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusLocked:
		time.Sleep(5 * time.Millisecond)
		return nil
	case unknown != nil:
		return wrong("an upload: %d %s", res.StatusCode, answer)
	case stands == len(file):
		now.there, now.path = now.there+1, ""
		return nil
	}
	piece := file[stands:cmp.Or(s.rnd.IntN(2)*(stands+(len(file)-stands+1)/2), len(file))]
	_, _, err = s.call("PATCH", at+now.path, http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {strconv.Itoa(stands)}, "Content-Type": {"application/offset+octet-stream"},
	}, string(piece))
	return err
}
