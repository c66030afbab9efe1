// oracle DIR VKEY [SEED]: checks a log directory of any size with Go's own sumdb libraries, which know nothing of ours: the
// checkpoint's signature and root, every entry against its hash, and proofs by chance. GOPATH mode, Debian's packages.
package main

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type dir string

func (d dir) Height() int                            { return 8 }
func (d dir) SaveTiles(t []tlog.Tile, data [][]byte) {}
func (d dir) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		b, err := d.read(strings.Replace(t.Path(), "tile/8/", "tile/", 1), t.W, 32)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// read takes the full tile where the partial one is gone.
func (d dir) read(path string, width, size int) ([]byte, error) {
	b, err := os.ReadFile(string(d) + "/" + path)
	if os.IsNotExist(err) && strings.Contains(path, ".p/") {
		b, err = os.ReadFile(string(d) + "/" + path[:strings.Index(path, ".p/")])
		if size > 0 && len(b) > width*size {
			b = b[:width*size]
		}
	}
	return b, err
}

func must(err error) {
	if err != nil {
		fmt.Println("wrong:", err)
		os.Exit(1)
	}
}

func wrong(format string, args ...interface{}) { must(fmt.Errorf(format, args...)) }

func main() {
	d := dir(os.Args[1])
	v, err := note.NewVerifier(os.Args[2])
	must(err)
	cp, err := os.ReadFile(string(d) + "/checkpoint")
	must(err)
	n, err := note.Open(cp, note.VerifierList(v))
	must(err)
	lines := strings.SplitN(n.Text, "\n", 4)
	if len(lines) != 4 || lines[0] != v.Name() || lines[3] != "" {
		wrong("checkpoint")
	}
	var size int64
	fmt.Sscan(lines[1], &size)
	h, err := tlog.ParseHash(lines[2])
	must(err)
	r := tlog.TileHashReader(tlog.Tree{N: size, Hash: h}, d)
	th, err := tlog.TreeHash(size, r)
	must(err)
	if th != h {
		wrong("root")
	}
	for b := int64(0); b*256 < size; b++ {
		width := 256
		if size-b*256 < 256 {
			width = int(size - b*256)
		}
		path := strings.Replace(tlog.Tile{H: 8, L: -1, N: b, W: width}.Path(), "tile/8/data/", "tile/entries/", 1)
		bytes, err := d.read(path, width, 0)
		must(err)
		var indexes []int64
		for i := 0; i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, b*256+int64(i)))
		}
		hashes, err := r.ReadHashes(indexes)
		must(err)
		for i := 0; i < width; i++ {
			if len(bytes) < 2 || len(bytes)-2 < int(binary.BigEndian.Uint16(bytes)) {
				wrong("bundle %d", b)
			}
			k := int(binary.BigEndian.Uint16(bytes))
			if hashes[i] != tlog.RecordHash(bytes[2:2+k]) {
				wrong("entry %d", b*256+int64(i))
			}
			bytes = bytes[2+k:]
		}
	}
	for i := 0; i < 50 && size > 0; i++ {
		index, old := rand.Int63n(size), 1+rand.Int63n(size)
		hashes, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		must(err)
		p, err := tlog.ProveRecord(size, index, r)
		must(err)
		must(tlog.CheckRecord(p, size, h, index, hashes[0]))
		t, err := tlog.ProveTree(size, old, r)
		must(err)
		oh, err := tlog.TreeHash(old, r)
		must(err)
		must(tlog.CheckTree(t, size, h, old, oh))
	}
	fmt.Println("right:", size)
}
