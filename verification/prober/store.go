package prober

import (
	"fmt"
	"reflect"
	"sync"

	"k8s.io/client-go/tools/cache"
)

// store keeps of each object of one kind what the prober needs, and reports a change of that and of nothing else:
// the heartbeats of thousands of nodes pass unnoticed. A reflector fills it.
type store[T any] struct {
	// keep returns false for an object that does not matter.
	keep    func(object any) (T, bool)
	changed func()

	mu     sync.Mutex
	synced bool
	kept   map[string]T
}

func newStore[T any](keep func(object any) (T, bool), changed func()) *store[T] {
	return &store[T]{keep: keep, changed: changed, kept: map[string]T{}}
}

// all returns a copy of what is kept, and whether the objects were read at all.
func (s *store[T]) all() (map[string]T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]T, len(s.kept))
	for key, value := range s.kept {
		all[key] = value
	}
	return all, s.synced
}

// Add is called by the reflector.
func (s *store[T]) Add(object any) error { return s.set(object) }

// Update is called by the reflector.
func (s *store[T]) Update(object any) error { return s.set(object) }

// Delete is called by the reflector.
func (s *store[T]) Delete(object any) error {
	key, err := keyOf(object)
	if err != nil {
		return err
	}
	s.mu.Lock()
	_, known := s.kept[key]
	delete(s.kept, key)
	s.mu.Unlock()
	if known {
		s.changed()
	}
	return nil
}

// Replace is called by the reflector with everything that exists.
func (s *store[T]) Replace(objects []any, _ string) error {
	fresh := make(map[string]T, len(objects))
	for _, object := range objects {
		key, err := keyOf(object)
		if err != nil {
			return err
		}
		if value, ok := s.keep(object); ok {
			fresh[key] = value
		}
	}
	s.mu.Lock()
	same := s.synced && reflect.DeepEqual(s.kept, fresh)
	s.kept, s.synced = fresh, true
	s.mu.Unlock()
	if !same {
		s.changed()
	}
	return nil
}

// Resync is called by the reflector.
func (s *store[T]) Resync() error { return nil }

func (s *store[T]) set(object any) error {
	key, err := keyOf(object)
	if err != nil {
		return err
	}
	value, ok := s.keep(object)
	if !ok {
		return s.Delete(object)
	}
	s.mu.Lock()
	before, known := s.kept[key]
	same := known && reflect.DeepEqual(before, value)
	if !same {
		s.kept[key] = value
	}
	s.mu.Unlock()
	if !same {
		s.changed()
	}
	return nil
}

func keyOf(object any) (string, error) {
	key, err := cache.MetaNamespaceKeyFunc(object)
	if err != nil {
		return "", fmt.Errorf("keeping an object: %w", err)
	}
	return key, nil
}
