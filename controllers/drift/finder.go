package drift

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// finder collects differences.
type finder struct {
	found []Difference
	// hostNetwork is set where the pods are wanted on the node's network.
	hostNetwork bool
	// overridden are the fields of the pod that all wanted containers set for themselves.
	overridden map[string]bool
}

// newFinder returns a finder for what differs from the wanted pods. The spec is nil for other objects.
func newFinder(wantedSpec map[string]any) *finder {
	return &finder{hostNetwork: wantedSpec["hostNetwork"] == true, overridden: overriddenIn(wantedSpec)}
}

// within returns a finder for the fields below one place.
func (f *finder) within() *finder {
	return &finder{hostNetwork: f.hostNetwork, overridden: f.overridden}
}

// place is the finder's position in the object.
type place struct {
	rule
	// name is the path for people, at the same with the names of elements, pointer the JSON pointer
	// (RFC 6901).
	name, at, pointer string
}

func (p place) field(key string) place {
	join := func(path string) string { return strings.TrimPrefix(path+"."+key, ".") }
	return place{p.child(key), join(p.name), join(p.at), p.pointer + Pointer(key)}
}

// element keeps the name: people find an element by what the list is called.
func (p place) element(index int, element any) place {
	return place{p.rule, p.name, p.at + nameOf(element, p.last()), fmt.Sprintf("%s/%d", p.pointer, index)}
}

// nameOf returns the keys of a list's element in brackets. It is empty where the list has no keys.
func nameOf(element any, list string) string {
	var values []string
	for _, key := range keysOf(list, []any{element}) {
		values = append(values, fmt.Sprint(keyAt(element, key)))
	}
	if len(values) == 0 {
		return ""
	}
	return "[" + strings.Join(values, "/") + "]"
}

// namesIn returns the keys of all elements of a list in brackets; it is empty for other values.
func namesIn(value any, list string) string {
	elements, _ := value.([]any)
	var names strings.Builder
	for _, element := range elements {
		names.WriteString(nameOf(element, list))
	}
	return names.String()
}

// missing is the place of an element that the live list does not have.
func (p place) missing(element any) place {
	p.at += nameOf(element, p.last())
	return p
}

func (p place) last() string { return p.name[strings.LastIndex(p.name, ".")+1:] }

// changed records a difference that an apply repairs.
func (f *finder) changed(p place, wanted any) {
	f.found = append(f.found, Difference{Field: p.name, At: p.at, Decides: p.holdsOurs(wanted)})
}

func (f *finder) value(live, wanted any, p place) {
	switch {
	case isEmpty(wanted) && isNothing(live):
	case isEmpty(wanted):
		f.added(live, p)
	case live == nil:
		f.changed(p, wanted)
	default:
		f.compare(live, wanted, p)
	}
}

func (f *finder) compare(live, wanted any, p place) {
	switch wanted := wanted.(type) {
	case map[string]any:
		liveMap, isMap := live.(map[string]any)
		if !isMap || (p.atomic && len(liveMap) != len(wanted)) {
			f.changed(p, wanted)
			return
		}
		f.fields(liveMap, wanted, p)
	case []any:
		f.list(live, wanted, p)
	default:
		if !reflect.DeepEqual(live, wanted) {
			f.changed(p, wanted)
		}
	}
}

// fields compares what is below an object, or below one element of a list.
func (f *finder) fields(live, wanted map[string]any, p place) {
	below := f.within()
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		below.value(live[key], wanted[key], p.field(key))
	}
	for _, key := range slices.Sorted(maps.Keys(live)) {
		if _, asked := wanted[key]; !asked && !f.isDefault(p, key, live) {
			below.added(live[key], p.field(key))
		}
	}
	isAddition := func(d Difference) bool { return d.Patch != nil }
	if p.oneOf && NeedsApply(below.found) && slices.ContainsFunc(below.found, isAddition) {
		// Kubernetes accepts only one of these fields and requires one. So neither can the added
		// one go first, nor the wanted one come first.
		f.found = append(f.found, Difference{Field: p.name, At: p.at, Decides: true, Patch: &Operation{Op: "replace", Path: p.pointer, Value: wanted}})
		return
	}
	f.found = append(f.found, below.found...)
}

func (f *finder) list(live any, wanted []any, p place) {
	liveList, _ := live.([]any)
	keys := keysOf(p.last(), wanted)
	if keys == nil {
		f.plainList(liveList, wanted, p)
		return
	}
	isWanted := func(element any) bool { return indexOf(wanted, element, keys) >= 0 }
	if p.ours && len(liveList) > 0 && !slices.ContainsFunc(liveList, isWanted) {
		// Kubernetes accepts no pod without containers, so one step replaces all of them.
		f.found = append(f.found, Difference{Field: p.name, At: p.at, Decides: true, Patch: &Operation{Op: "replace", Path: p.pointer, Value: wanted}})
		return
	}
	known := make([]bool, len(liveList))
	for _, element := range wanted {
		at := indexOf(liveList, element, keys)
		if at < 0 {
			f.changed(p.missing(element), element)
			continue
		}
		known[at] = true
		f.compare(liveList[at], element, p.element(at, element))
	}
	// From the last on, so that taking one away does not move another.
	for at, element := range slices.Backward(liveList) {
		if !known[at] {
			f.added(element, p.element(at, element))
		}
	}
}

// plainList is a list that the API server treats as one value.
func (f *finder) plainList(live, wanted []any, p place) {
	below := f.within()
	for i := range min(len(live), len(wanted)) {
		below.value(live[i], wanted[i], p.element(i, nil))
	}
	same := len(live) == len(wanted) && len(below.found) == 0
	if same || (p.mayGrow && containsAll(live, wanted)) {
		return
	}
	f.changed(p, wanted)
}

func containsAll(list, elements []any) bool {
	return !slices.ContainsFunc(elements, func(element any) bool {
		return !slices.ContainsFunc(list, func(other any) bool { return reflect.DeepEqual(element, other) })
	})
}

// isDefault reports whether a field that was not asked for holds what the API server writes by itself.
func (f *finder) isDefault(p place, key string, live map[string]any) bool {
	child := p.below[key]
	if f.hostNetwork && child.onHostNetwork != "" {
		return reflect.DeepEqual(live[key], live[child.onHostNetwork])
	}
	return child.byDefault != nil && reflect.DeepEqual(live[key], child.byDefault)
}

// added finds what is live and was not asked for. All of it goes where the field is ours, or where
// Kubernetes does not allow the removal of a part.
func (f *finder) added(live any, p place) {
	if isNothing(live) || p.mayGrow || (p.perContainer && f.overridden[p.last()]) {
		return
	}
	if p.ours || (p.oneOf && p.holdsOurs(live)) {
		f.found = append(f.found, Difference{Field: p.name, At: p.at + namesIn(live, p.last()), Decides: true, Patch: &Operation{Op: "remove", Path: p.pointer}})
		return
	}
	if fields, isMap := live.(map[string]any); isMap {
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			f.added(fields[key], p.field(key))
		}
	}
}

// isNothing reports whether a value means the same as its absence. A number always has a meaning:
// user 0 is root.
func isNothing(value any) bool { return value == false || isEmpty(value) }

func isEmpty(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return len(value) == 0
	case []any:
		return len(value) == 0
	}
	return value == nil
}
