// Package config has those manifests of this directory that the operator compares with what is in a cluster.
package config

import "embed"

// Policies are the admission policies of admission/ and guard/, one in each file. They are for an operator in the namespace
// edge-ingress-operator-system.
//
//go:embed admission/*_policy.yaml guard/*_policy.yaml
var Policies embed.FS
