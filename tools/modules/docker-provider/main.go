// Command pulumi-resource-docker serves the resource types of the pulumi-docker SDK, for machines that cannot download
// the official plugin. Like that one it bridges the Terraform provider for Docker, with the same tokens and property
// names; only the Image type, which the official plugin implements by itself, is missing.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	bridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is set when linking.
var version = "0.0.0-dev"

// The bridge turns the names of lists into plurals; these keep theirs in the SDK.
func singular(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name}
}

func info() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(provider.New(version)()),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				Value:   "unix:///var/run/docker.sock",
				EnvVars: []string{"DOCKER_HOST"},
			}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			// Two containers cannot hold one name, address or published port at the same time.
			"docker_container": {DeleteBeforeReplace: true, Fields: map[string]*tfbridge.SchemaInfo{
				"command":           singular("command"),
				"networks_advanced": singular("networksAdvanced"),
			}},
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
			// An entry here exempts the field from auto-naming: an image's name is looked up, not given.
			"docker_image": {Tok: "docker:index/remoteImage:RemoteImage", Fields: map[string]*tfbridge.SchemaInfo{
				"name": singular("name"),
			}},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image": {Tok: "docker:index/getRemoteImage:getRemoteImage"},
		},
	}
	// The other tokens follow from the names in Terraform.
	info.MustComputeTokens(bridge.SingleModule("docker_", "index", bridge.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	tfbridge.Main("docker", version, info(), []byte(`{"name":"docker"}`))
}
