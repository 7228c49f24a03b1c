package loss

import "testing"

func TestAnotherNameHasTheSameDigest(t *testing.T) {
	const plain, again = "ghcr.io/owner/name@sha256:abc", "ghcr.io/owner/name:again@sha256:abc"
	if got := otherName(plain); got != again {
		t.Errorf("the other name of %s is %s, want %s", plain, got, again)
	}
	if got := otherName(again); got != plain {
		t.Errorf("the other name of %s is %s, want %s", again, got, plain)
	}
}
