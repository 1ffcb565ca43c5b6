import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.dstu2.model.Subscription;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/** HAPI FHIR's R4 server with its database in memory, at /fhir of the port that is given; it calls rest-hooks. */
public class FhirServer {
    @Configuration
    @Import({
        JpaR4Config.class,
        HapiJpaConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        ThreadPoolFactoryConfig.class,
        SubscriptionSubmitterConfig.class,
        SubscriptionProcessorConfig.class,
        SubscriptionChannelConfig.class
    })
    public static class Settings {
        @Bean
        public DataSource dataSource() {
            var source = new BasicDataSource();
            source.setUrl("jdbc:h2:mem:fhir;DB_CLOSE_DELAY=-1");
            source.setUsername("sa");
            source.setMaxTotal(16);
            return source;
        }

        @Primary
        @Bean
        public LocalContainerEntityManagerFactoryBean entityManagerFactory(
                ConfigurableListableBeanFactory beans, FhirContext context, JpaStorageSettings storage, DataSource source) {
            var factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, storage);
            factory.setPersistenceUnitName("fhir");
            factory.setDataSource(source);
            var properties = new Properties();
            properties.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
            properties.put("hibernate.hbm2ddl.auto", "create");
            properties.put("hibernate.search.enabled", "false");
            factory.setJpaProperties(properties);
            return factory;
        }

        @Primary
        @Bean
        public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
            return new JpaTransactionManager(factory);
        }

        @Bean
        public JpaStorageSettings storageSettings() {
            return new JpaStorageSettings();
        }

        @Bean
        public PartitionSettings partitionSettings() {
            return new PartitionSettings();
        }

        @Bean
        public SubscriptionSettings subscriptionSettings() {
            var settings = new SubscriptionSettings();
            settings.addSupportedSubscriptionType(Subscription.SubscriptionChannelType.RESTHOOK);
            return settings;
        }

        @Bean
        public IEmailSender emailSender() {
            return email -> {
                throw new UnsupportedOperationException("there is no mail here");
            };
        }
    }

    public static void main(String[] arguments) throws Exception {
        var beans = new AnnotationConfigApplicationContext(Settings.class);
        var rest = new RestfulServer(beans.getBean(FhirContext.class));
        rest.registerProviders(beans.getBean("myResourceProvidersR4", ResourceProviderFactory.class).createProviders());
        rest.registerProvider(beans.getBean("mySystemProviderR4"));
        rest.setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
        rest.setInterceptorService(beans.getBean(IInterceptorService.class));
        rest.setDefaultResponseEncoding(EncodingEnum.JSON);
        var server = new Server();
        var connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        var handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(rest), "/fhir/*");
        server.setHandler(handler);
        server.start();
        server.join();
    }
}
