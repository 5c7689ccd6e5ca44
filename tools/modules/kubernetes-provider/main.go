// Command pulumi-resource-kubernetes is the official Pulumi provider for Kubernetes, for machines that cannot download
// it. The two embedded files are in the provider's module; tools/pulumi/plugins.py copies them beside this file.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() { provider.Serve("kubernetes", version.Version, schema, mapping) }
