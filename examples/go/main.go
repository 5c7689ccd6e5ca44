// Three Consul servers and one client on a Docker engine.
package main

import (
	"example.com/pulumi-consul-on-pulumi/sdk/go/consulonpulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		servers := 3
		if chosen := settings.GetInt("servers"); chosen != 0 {
			servers = chosen
		}
		logLevel := settings.Get("logLevel")
		if logLevel == "" {
			logLevel = "WARN"
		}
		// Everyone who reaches an agent may read, without a token.
		read := consulonpulumi.SecurityAnonymousRead
		cluster, err := consulonpulumi.NewConsulCluster(ctx, "go-example", &consulonpulumi.ConsulClusterArgs{
			Datacenter:  pulumi.StringRef("dev"),
			Servers:     &servers,
			Clients:     pulumi.IntRef(1),
			AgentConfig: pulumi.Map{"log_level": pulumi.String(logLevel)},
			Seeds:       pulumi.Map{"app": pulumi.Map{"name": pulumi.String("web"), "replicas": pulumi.Int(3)}},
			Security:    consulonpulumi.SecurityArgs{Anonymous: &read},
			Platform: consulonpulumi.PlatformArgs{
				Docker: consulonpulumi.DockerArgs{Subnet: "172.30.8.0/24"},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("uiUrls", cluster.UiUrls)
		ctx.Export("httpAddresses", cluster.HttpAddresses)
		ctx.Export("leaderAddress", cluster.LeaderAddress)
		return nil
	})
}
