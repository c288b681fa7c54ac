// Command verifier checks a log that Standfast wrote with the packages of Go's own checksum
// database, golang.org/x/mod/sumdb/{note,tlog}, which share no code with Standfast.
//
// A case is a folder:
//
//	vkey           the log's key
//	log/           the log: checkpoint and tiles (C2SP tlog-tiles)
//	old            an earlier checkpoint of it
//	consistency    hashes in base64, one a line, from the earlier checkpoint to the log's
//	proofs/        files of the form C2SP tlog-proof
//	witnesses      keys of witnesses, one a line, who all must have cosigned the log's checkpoint
//
// It ends with 1 and the reason when anything is wrong, else it says how much it has checked.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	said, err := verified(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func verified(folder string) (string, error) {
	vkey, err := os.ReadFile(filepath.Join(folder, "vkey"))
	if err != nil {
		return "", err
	}
	key, err := note.NewVerifier(string(vkey))
	if err != nil {
		return "", err
	}
	now, err := checkpoint(filepath.Join(folder, "log", "checkpoint"), key)
	if err != nil {
		return "", err
	}
	old, err := checkpoint(filepath.Join(folder, "old"), key)
	if err != nil {
		return "", err
	}
	if err := cosigned(folder); err != nil {
		return "", err
	}
	reader := tlog.TileHashReader(now, tiles{filepath.Join(folder, "log")})
	if err := consistency(folder, old, now, reader); err != nil {
		return "", err
	}
	if err := entries(filepath.Join(folder, "log"), now, reader); err != nil {
		return "", err
	}
	names, err := filepath.Glob(filepath.Join(folder, "proofs", "*.tlog-proof"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if err := inclusion(name, key, now, reader); err != nil {
			return "", fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return fmt.Sprintf("%d entries, %d before, %d proofs", now.N, old.N, len(names)), nil
}

func checkpoint(path string, key note.Verifier) (tlog.Tree, error) {
	signed, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return opened(signed, key)
}

// opened reads the three lines of a C2SP tlog-checkpoint, for which these packages have no parser.
func opened(signed []byte, key note.Verifier) (tlog.Tree, error) {
	found, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(found.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// cosigned checks every cosignature on the log's checkpoint as C2SP tlog-cosignature has it.
func cosigned(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "witnesses"))
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "log", "checkpoint"))
	if err != nil {
		return err
	}
	for _, vkey := range strings.Fields(string(text)) {
		witness, err := newWitness(vkey)
		if err != nil {
			return err
		}
		if _, err := note.Open(signed, note.VerifierList(witness)); err != nil {
			return fmt.Errorf("cosignature of %s: %w", witness.name, err)
		}
	}
	return nil
}

// witness verifies signatures of type 4, which package note leaves to its callers.
type witness struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a witness's key")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(blob) != 1+ed25519.PublicKeySize || blob[0] != 4 {
		return nil, errors.New("not a witness's key")
	}
	sum := sha256.Sum256(slices.Concat([]byte(parts[0]+"\n"), blob))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return nil, errors.New("not the identifier of a witness's key")
	}
	return &witness{parts[0], binary.BigEndian.Uint32(sum[:4]), blob[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.id }

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	header := fmt.Sprintf("cosignature/v1\ntime %d\n", time)
	return ed25519.Verify(w.key, slices.Concat([]byte(header), text), signature[8:])
}

// consistency checks our proof, and that it is the one that Go makes from our tiles.
func consistency(folder string, old, now tlog.Tree, reader tlog.HashReader) error {
	text, err := os.ReadFile(filepath.Join(folder, "consistency"))
	if err != nil {
		return err
	}
	proof, err := hashes(strings.Fields(string(text)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	own, err := tlog.ProveTree(now.N, old.N, reader)
	if err != nil {
		return err
	}
	if !slices.Equal(own, proof) {
		return errors.New("consistency: Go proves it otherwise")
	}
	return nil
}

// entries checks every entry in the bundles against the tiles, and these against the signed root.
func entries(folder string, now tlog.Tree, reader tlog.HashReader) error {
	for first := int64(0); first < now.N; first += 1 << height {
		width := min(now.N-first, 1<<height)
		bundle, err := os.ReadFile(filepath.Join(folder, path("entries", first>>height, width)))
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		signed, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, hash := range signed {
			entry, rest, err := next(bundle)
			if err != nil {
				return err
			}
			if tlog.RecordHash(entry) != hash {
				return fmt.Errorf("entry %d is not the signed one", first+int64(at))
			}
			bundle = rest
		}
		if len(bundle) != 0 {
			return errors.New("a bundle holds more than was signed")
		}
	}
	return nil
}

func next(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
		return nil, nil, errors.New("a bundle is cut off")
	}
	end := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:end], bundle[end:], nil
}

// inclusion checks one tlog-proof as a customer would who has the file and the key, and that Go
// makes the same from our tiles.
func inclusion(name string, key note.Verifier, now tlog.Tree, reader tlog.HashReader) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, signed, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := hashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := opened(signed, key)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	own, err := tlog.ProveRecord(now.N, index, reader)
	if err != nil {
		return err
	}
	if tree != now || !slices.Equal(own, proof) {
		return errors.New("Go proves it otherwise")
	}
	return nil
}

func hashes(lines []string) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(lines))
	for at, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found[at] = hash
	}
	return found, nil
}

// tiles reads them under the names of C2SP, which lack the height that Go's names have.
type tiles struct{ folder string }

func (t tiles) Height() int { return height }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for at, tile := range wanted {
		name := path(strconv.Itoa(tile.L), tile.N, int64(tile.W))
		data, err := os.ReadFile(filepath.Join(t.folder, name))
		if err != nil {
			return nil, err
		}
		found[at] = data
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func path(level string, index, width int64) string {
	name := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		name = fmt.Sprintf("x%03d/%s", index%1000, name)
	}
	if width != 1<<height {
		name = fmt.Sprintf("%s.p/%d", name, width)
	}
	return "tile/" + level + "/" + name
}
