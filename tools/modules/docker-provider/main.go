// Command pulumi-resource-docker serves the resource types of the pulumi-docker SDK, for machines that cannot download
// the official plugin. Like that one it bridges the Terraform provider for Docker, with the same tokens and property
// names; only the Image type, which the official plugin implements by itself, is missing.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is set when linking.
var version = "0.0.0-dev"

func resource(file, name string) *tfbridge.ResourceInfo {
	return &tfbridge.ResourceInfo{Tok: tokens.Type("docker:index/" + file + ":" + name)}
}

func function(name string) *tfbridge.DataSourceInfo {
	return &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember("docker:index/" + name + ":" + name)}
}

// The bridge turns the names of lists into plurals; these keep theirs in the SDK.
func singular(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name}
}

func info() tfbridge.ProviderInfo {
	container := resource("container", "Container")
	// Two containers cannot hold one name, address or published port at the same time.
	container.DeleteBeforeReplace = true
	container.Fields = map[string]*tfbridge.SchemaInfo{
		"command":           singular("command"),
		"networks_advanced": singular("networksAdvanced"),
	}
	image := resource("remoteImage", "RemoteImage")
	// An entry here exempts the field from auto-naming: an image's name is looked up, not given.
	image.Fields = map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}

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
			"docker_buildx_builder": resource("buildxBuilder", "BuildxBuilder"),
			"docker_config":         resource("serviceConfig", "ServiceConfig"),
			"docker_container":      container,
			"docker_image":          image,
			"docker_network":        resource("network", "Network"),
			"docker_plugin":         resource("plugin", "Plugin"),
			"docker_registry_image": resource("registryImage", "RegistryImage"),
			"docker_secret":         resource("secret", "Secret"),
			"docker_service":        resource("service", "Service"),
			"docker_tag":            resource("tag", "Tag"),
			"docker_volume":         resource("volume", "Volume"),
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image":                    function("getRemoteImage"),
			"docker_logs":                     function("getLogs"),
			"docker_network":                  function("getNetwork"),
			"docker_plugin":                   function("getPlugin"),
			"docker_registry_image":           function("getRegistryImage"),
			"docker_registry_image_manifests": function("getRegistryImageManifests"),
		},
	}
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	tfbridge.Main("docker", version, info(), []byte(`{"name":"docker"}`))
}
