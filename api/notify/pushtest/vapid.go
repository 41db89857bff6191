package pushtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// checkVAPID checks who sends a push (RFC 8292), and that the contact is one
// that Apple takes: an https address, or one mailto.
func checkVAPID(header, origin, key string, now time.Time) error {
	token, signer, ok := vapidParts(header)
	if !ok {
		return errors.New("no VAPID header")
	}
	if key != "" && strings.TrimRight(key, "=") != signer {
		return errors.New("not the key of the subscription")
	}
	var claims struct {
		Aud string `json:"aud"`
		Exp int64  `json:"exp"`
		Sub string `json:"sub"`
	}
	if err := verify(token, signer, &claims); err != nil {
		return err
	}
	left := time.Unix(claims.Exp, 0).Sub(now)
	switch {
	case claims.Aud != origin:
		return fmt.Errorf("for %s, not %s", claims.Aud, origin)
	case left <= 0 || left > 24*time.Hour:
		return fmt.Errorf("valid for %v", left)
	case !strings.HasPrefix(claims.Sub, "https://") && (!strings.HasPrefix(claims.Sub, "mailto:") || strings.Count(claims.Sub, ":") != 1):
		return fmt.Errorf("contact %q", claims.Sub)
	}
	return nil
}

// vapidParts reads "vapid t=…, k=…".
func vapidParts(header string) (token, key string, ok bool) {
	rest, ok := strings.CutPrefix(header, "vapid ")
	for part := range strings.SplitSeq(rest, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	return token, key, ok && token != "" && key != ""
}

// verify checks the signature of an ES256 token and reads its claims.
func verify(token, key string, claims any) error {
	parts := strings.Split(token, ".")
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(parts) != 3 {
		return errors.New("not a token")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		return errors.New("not a signature")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return errors.New("the signature is wrong")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	return json.Unmarshal(body, claims)
}
