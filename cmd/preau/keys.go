package main

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"preau/storage"
	"preau/storage/disk"
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

// keysScope is where a database remembers which keys it was first used with:
// the record "keys" holds their fingerprint.
const keysScope = "server:keys"

// errKeys says that a server has not the keys of its database.
var errKeys = errors.New("it was first used with others. Put the keys.json there that was kept, or that of the other node")

// keysOf reads the keys of a data folder and sets them against those that the
// database was first used with. New ones are made only for a new database.
func keysOf(ctx context.Context, records storage.Records, data string, now time.Time) (Keys, error) {
	path := filepath.Join(data, "keys.json")
	for {
		known, err := knownKeys(ctx, records)
		if err != nil {
			return Keys{}, err
		}
		k, err := readKeys(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && known != "":
			return k, fmt.Errorf("%s is missing, and the database needs it: %w", path, errKeys)
		case errors.Is(err, fs.ErrNotExist):
			k, err = loadKeys(data)
		}
		if err != nil {
			return k, err
		}
		if known == k.fingerprint() {
			return k, nil
		}
		if known != "" {
			return k, fmt.Errorf("%s does not belong to this database: %w", path, errKeys)
		}
		// Another node may be faster: then its keys count.
		if err := rememberKeys(ctx, records, k, now); err != nil && !errors.Is(err, storage.ErrConflict) {
			return k, err
		}
	}
}

// fingerprint tells keys apart and gives nothing of them away: each is random
// and long.
func (k Keys) fingerprint() string {
	h := sha256.New()
	for _, part := range []string{string(k.Receipts), string(k.Accounts), k.VAPIDPublic, k.VAPIDPrivate} {
		fmt.Fprintf(h, "%d %s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fingerprinted is the record "keys".
type fingerprinted struct {
	Fingerprint string `json:"fingerprint"`
}

func knownKeys(ctx context.Context, records storage.Records) (string, error) {
	recs, err := records.Find(ctx, keysScope, storage.Key{Type: "keys", ID: "keys"})
	if err != nil || len(recs) == 0 {
		return "", err
	}
	return printOf(recs[0])
}

func printOf(r storage.Record) (string, error) {
	var f fingerprinted
	if err := json.Unmarshal(r.Value, &f); err != nil || f.Fingerprint == "" {
		return "", fmt.Errorf("the fingerprint of the keys is damaged: %w", err)
	}
	return f.Fingerprint, nil
}

func rememberKeys(ctx context.Context, records storage.Records, k Keys, now time.Time) error {
	value, err := json.Marshal(fingerprinted{k.fingerprint()})
	if err != nil {
		return err
	}
	return records.Append(ctx, storage.Entry{
		Scope: keysScope, N: 1, At: now, Ops: []storage.Op{{Type: "keys", ID: "keys", Value: value}},
	})
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
	if err := disk.MakeDir(filepath.Dir(path)); err != nil {
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
	return disk.SyncDir(filepath.Dir(path))
}
