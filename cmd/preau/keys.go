package main

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Keys are the secrets of a server. They live in a file beside the database,
// never in it: a copy of the database alone opens nothing.
type Keys struct {
	Receipts     []byte `json:"receipts"` // Ed25519 seed
	Accounts     []byte `json:"accounts"` // passwords, sheets and passes
	VAPIDPublic  string `json:"vapidPublic"`
	VAPIDPrivate string `json:"vapidPrivate"`
}

// Signer signs receipts.
func (k Keys) Signer() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.Receipts) }

func newKeys() (Keys, error) {
	k := Keys{Receipts: make([]byte, ed25519.SeedSize), Accounts: make([]byte, 32)}
	_, _ = rand.Read(k.Receipts) // never fails
	_, _ = rand.Read(k.Accounts)
	push, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return k, err
	}
	k.VAPIDPublic = base64.RawURLEncoding.EncodeToString(push.PublicKey().Bytes())
	k.VAPIDPrivate = base64.RawURLEncoding.EncodeToString(push.Bytes())
	return k, nil
}

// loadKeys reads the keys of a data folder, made on first use.
func loadKeys(data string) (Keys, error) {
	path := filepath.Join(data, "keys.json")
	k, err := readKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = newKeys(); err != nil {
		return k, err
	}
	body, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return k, err
	}
	if err := writeSecret(path, append(body, '\n')); err != nil {
		return k, fmt.Errorf("keep the keys of the server: %w", err)
	}
	return readKeys(path)
}

func readKeys(path string) (k Keys, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return k, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return k, fmt.Errorf("%s can be read by others: run chmod 600 on it", path)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(body, &k); err != nil || len(k.Receipts) != ed25519.SeedSize || len(k.Accounts) < 32 {
		return k, fmt.Errorf("%s is damaged: put its backup back", path)
	}
	return k, nil
}

// writeSecret writes a new file that only its owner reads, whole or not at
// all. A file that another process has just written stays.
func writeSecret(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is renamed when all went well
	_, err = f.Write(body)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
