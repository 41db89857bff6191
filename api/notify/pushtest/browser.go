package pushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// Browser is a subscriber that exists in a Go test only.
type Browser struct {
	Endpoint string
	key      *ecdh.PrivateKey
	secret   []byte
}

// Browser subscribes a new browser. With a VAPID key, only pushes signed with
// that are taken for it.
func (s *Server) Browser(vapid string) *Browser {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // there is no randomness
	}
	b := &Browser{key: key, secret: make([]byte, 16)}
	_, _ = rand.Read(b.secret) // never fails
	b.Endpoint = s.add(&channel{browser: b, key: vapid})
	return b
}

// P256dh and Auth are the keys as PushSubscription.toJSON gives them.
func (b *Browser) P256dh() string {
	return base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
}

// Auth is the browser's secret.
func (b *Browser) Auth() string { return base64.RawURLEncoding.EncodeToString(b.secret) }

func (b *Browser) decrypt(body []byte) ([]byte, error) { return Decrypt(body, b.key, b.secret) }

// Decrypt opens the body of a push (RFC 8291, one record of RFC 8188).
func Decrypt(body []byte, key *ecdh.PrivateKey, secret []byte) ([]byte, error) {
	if len(body) < 21+65+17 {
		return nil, errors.New("too short")
	}
	salt, size, idLen := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if idLen != 65 || int64(len(body)-86) > int64(size) {
		return nil, fmt.Errorf("key of %d bytes, record of %d", idLen, size)
	}
	sender, err := ecdh.P256().NewPublicKey(body[21:86])
	if err != nil {
		return nil, err
	}
	shared, err := key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(key.PublicKey().Bytes()) + string(sender.Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, secret, info, 32)
	if err != nil {
		return nil, err
	}
	return openRecord(body[86:], ikm, salt)
}

// openRecord decrypts the last record of a message and takes its padding off.
func openRecord(sealed, ikm, salt []byte) ([]byte, error) {
	cek, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	end := len(plain) - 1
	for end >= 0 && plain[end] == 0 {
		end--
	}
	if end < 0 || plain[end] != 2 {
		return nil, errors.New("not the last record")
	}
	return plain[:end], nil
}
