// Package drifttest makes every change that a client could make to a pod template, for tests.
package drifttest

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Mutation is a pod spec with one change.
type Mutation struct {
	// Name is the path of the field, and what was done to it.
	Name string
	Spec corev1.PodSpec
}

// maxDepth is the number of nested fields that a path may have. Below that, values are only filled
// in.
const maxDepth = 7

// OfPodSpec changes each field of a pod spec, one at a time. It changes and removes fields that are
// set, and adds fields that are not. The API server does not accept every mutation.
func OfPodSpec(base corev1.PodSpec) []Mutation {
	root := base.DeepCopy()
	var all []Mutation
	m := &mutator{emit: func(name string) { all = append(all, Mutation{name, *root.DeepCopy()}) }}
	m.visit(reflect.ValueOf(root).Elem(), "", 0)
	return all
}

type mutator struct{ emit func(name string) }

// try sets a value, reports it, and restores the old one.
func (m *mutator) try(v reflect.Value, name string, to reflect.Value) {
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	v.Set(to)
	m.emit(name)
	v.Set(before)
}

func (m *mutator) visit(v reflect.Value, name string, depth int) {
	if depth > maxDepth {
		return
	}
	if leaf := sample(v.Type(), name); leaf.IsValid() {
		m.leaf(v, name, leaf)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			m.visit(v.Field(i), join(name, v.Type().Field(i)), depth+1)
		}
	case reflect.Pointer:
		m.pointer(v, name, depth)
	case reflect.Slice:
		m.slice(v, name, depth)
	case reflect.Map:
		m.entries(v, name)
	default:
		panic(fmt.Sprintf("%s: there is no change of a %s", name, v.Type()))
	}
}

func (m *mutator) leaf(v reflect.Value, name string, leaf reflect.Value) {
	if !reflect.DeepEqual(v.Interface(), leaf.Interface()) {
		m.try(v, name+" set", leaf)
	}
	if !v.IsZero() {
		m.try(v, name+" cleared", reflect.Zero(v.Type()))
	}
}

func (m *mutator) pointer(v reflect.Value, name string, depth int) {
	if !v.IsNil() {
		m.try(v, name+" removed", reflect.Zero(v.Type()))
		m.visit(v.Elem(), name, depth)
		return
	}
	if leaf := sample(v.Type().Elem(), name); leaf.IsValid() {
		m.try(v, name+" added", filled(v.Type(), name, depth))
		return
	}
	m.try(v, name+" added", filled(v.Type(), name, depth))
	v.Set(reflect.New(v.Type().Elem()))
	m.visit(v.Elem(), name, depth)
	v.Set(reflect.Zero(v.Type()))
}

func (m *mutator) slice(v reflect.Value, name string, depth int) {
	added := filled(v.Type().Elem(), name, depth)
	m.try(v, name+" with one more", reflect.Append(clone(v), added))
	m.try(v, name+" with another first", reflect.AppendSlice(reflect.Append(reflect.MakeSlice(v.Type(), 0, v.Len()+1), added), v))
	if v.Len() == 0 {
		return
	}
	m.try(v, name+" with one less", clone(v).Slice(0, v.Len()-1))
	for i := range v.Len() {
		m.visit(v.Index(i), fmt.Sprintf("%s[%d]", name, i), depth)
	}
}

func (m *mutator) entries(v reflect.Value, name string) {
	more := reflect.MakeMap(v.Type())
	for _, key := range v.MapKeys() {
		more.SetMapIndex(key, v.MapIndex(key))
	}
	key := reflect.New(v.Type().Key()).Elem()
	key.SetString("example.com/added")
	more.SetMapIndex(key, filled(v.Type().Elem(), name, 0))
	m.try(v, name+" with one more", more)
	if v.Len() > 0 {
		m.try(v, name+" emptied", reflect.Zero(v.Type()))
	}
}

func clone(v reflect.Value) reflect.Value {
	return reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()+1), v)
}

func join(name string, field reflect.StructField) string {
	tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return strings.TrimSuffix(strings.TrimPrefix(name+"."+tag, "."), ".")
}

// texts are values that the API server takes, by the name of the field.
var texts = map[string]string{
	"claimName": "claim", "dnsPolicy": "Default", "fieldPath": "spec.nodeName", "host": "127.0.0.1", "hostIP": "192.0.2.1", "image": "example.com/other:1",
	"imagePullPolicy": "Always", "ip": "192.0.2.2", "mountPath": "/added", "path": "/added", "preemptionPolicy": "Never", "procMount": "Unmasked",
	"protocol": "UDP", "restartPolicy": "Always", "scheme": "HTTPS", "terminationMessagePath": "/added", "terminationMessagePolicy": "File",
	"type": "Unconfined", "workingDir": "/added", "resource": "limits.cpu", "value": "1",
}

// sample is another value for a field that has no fields of its own; the zero Value for one that has.
func sample(t reflect.Type, name string) reflect.Value {
	v := reflect.New(t).Elem()
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return reflect.ValueOf(resource.MustParse("7"))
	case reflect.TypeFor[intstr.IntOrString]():
		return reflect.ValueOf(intstr.FromInt32(8181))
	}
	switch t.Kind() {
	case reflect.String:
		text, known := texts[name[strings.LastIndex(name, ".")+1:]]
		if !known {
			text = "added"
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	default:
		return reflect.Value{}
	}
	return v
}

// filled is a value with everything set.
func filled(t reflect.Type, name string, depth int) reflect.Value {
	if leaf := sample(t, name); leaf.IsValid() {
		return leaf
	}
	v := reflect.New(t).Elem()
	if depth > maxDepth {
		return v
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(filled(t.Field(i).Type, join(name, t.Field(i)), depth+1))
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(filled(t.Elem(), name, depth+1))
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t.Elem(), name, depth+1)))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		key := reflect.New(t.Key()).Elem()
		key.SetString("added")
		v.SetMapIndex(key, filled(t.Elem(), name, depth+1))
	default: // numbers, booleans and strings are leaves: sample has returned them already
		panic(fmt.Sprintf("%s: there is no value of a %s", name, t))
	}
	return v
}
