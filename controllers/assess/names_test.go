package assess

import (
	"fmt"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
)

func nodeName(i int) string { return fmt.Sprintf("node-%04d", i) }

func hostIP(i int) string { return fmt.Sprintf("10.1.%d.%d", i/250, i%250) }

func podIP(i int) string { return fmt.Sprintf("10.200.%d.%d", i/250, i%250) }

func objectDiff(before, after runtime.Object) string { return cmp.Diff(before, after) }
