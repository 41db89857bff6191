package transfer_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata")

// sealedVectors are what pwa/src/transfers/seal.ts and this file agree on.
type sealedVectors struct {
	Key   string         `json:"key"` // as in a link
	Cases []sealedVector `json:"cases"`
}

// sealedVector is one sealed part. Byte i of what is sealed is i*i>>3, its lowest
// eight bits, unless Text says it.
type sealedVector struct {
	Part   int    `json:"part"`
	Salt   string `json:"salt"` // hex
	Text   string `json:"text,omitempty"`
	Size   int    `json:"size"`
	Sealed int    `json:"sealed"` // bytes
	Head   string `json:"head"`   // the first 64 of them at most, hex
	Sum    string `json:"sum"`    // SHA-256 of all
}

func (v sealedVector) plain() []byte {
	if v.Text != "" {
		return []byte(v.Text)
	}
	b := make([]byte, v.Size)
	for i := range b {
		b[i] = byte(i * i >> 3)
	}
	return b
}

const manifestText = `{"title":"Le voyage à Étretat","files":[{"name":"été/falaise.jpg","type":"image/jpeg","size":3}]}   `

// TestSealedVectors proves with another implementation what browsers make of a
// file. The server itself never seals or opens anything.
func TestSealedVectors(t *testing.T) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(7*i + 1)
	}
	got := sealedVectors{Key: base64.RawURLEncoding.EncodeToString(key)}
	for i, size := range []int{0, 1, 65_535, 65_536, 65_537, 131_072, 200_000} {
		got.Cases = append(got.Cases, vector(key, sealedVector{Part: i + 1, Size: size}))
	}
	got.Cases = append(got.Cases, vector(key, sealedVector{Part: 0, Text: manifestText, Size: len(manifestText)}))

	const file = "testdata/sealed.json"
	if *update {
		body, _ := json.MarshalIndent(got, "", "  ")
		if err := os.WriteFile(file, append(body, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want sealedVectors
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sealed otherwise than in %s (-want +got):\n%s", file, diff)
	}
}

func vector(key []byte, v sealedVector) sealedVector {
	salt := sha256.Sum256(fmt.Append(nil, v.Part))
	sealed := sealPart(key, salt[:24], v.Part, v.plain())
	sum := sha256.Sum256(sealed)
	v.Salt, v.Sealed = hex.EncodeToString(salt[:24]), len(sealed)
	v.Head, v.Sum = hex.EncodeToString(sealed[:min(64, len(sealed))]), hex.EncodeToString(sum[:])
	return v
}

// sealPart seals as the head of pwa/src/transfers/seal.ts says.
func sealPart(key, salt []byte, part int, plain []byte) []byte {
	derived, err := hkdf.Key(sha256.New, key, salt, fmt.Sprintf("preau transfer 1 part %d", part), 39)
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	sealed := append([]byte("PREAU/1\n"), salt...)
	for i, last := uint32(0), false; !last; i++ {
		n := min(65_536, len(plain))
		last = n == len(plain)
		nonce := binary.BigEndian.AppendUint32(derived[32:39:39], i)
		if last {
			nonce = append(nonce, 1)
		} else {
			nonce = append(nonce, 0)
		}
		sealed = aead.Seal(sealed, nonce, plain[:n], nil)
		plain = plain[n:]
	}
	return sealed
}
